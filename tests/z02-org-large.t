#!/bin/sh
# A simulated org of a million documents makes them on request, over TLS, and needs no memory for them.
. "${0%/*}/lib.sh"; plan 9

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
	-days 30 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 2>/dev/null
org_start --synthetic 1000000 --tls-cert "$TMP/cert.pem" --tls-key "$TMP/key.pem"
key() { sed -n "s/^$1 = //p" "$XDG_CONFIG_HOME/sffs/config"; }
get() { curl -sS --cacert "$TMP/cert.pem" "$@"; }
query() { soql=$1; shift; get -G -H "Authorization: Bearer $token" "$ORG_URL/services/data/v66.0/query" \
	--data-urlencode "q=$soql" "$@"; }

like 'an org with a certificate has an https URL' "$ORG_URL" 'https://127.0.0.1:*'
ok 'a certificate that is not known is refused' not curl -sS "$ORG_URL/services/data/"
token=$(get "$ORG_URL/services/oauth2/token" -d grant_type=client_credentials -d "client_id=$(key client_id)" -d \
	"client_secret=$(key client_secret)" |
	jq -r .access_token)
is 'SELECT COUNT() counts a million documents' "$(query 'SELECT COUNT() FROM ContentDocument' | jq .totalSize)" 1000000
query 'SELECT Id, Title, LatestPublishedVersion.Checksum FROM ContentDocument' >"$TMP/page"
is 'a first page has 2,000 of a million records' "$(jq -c '[.totalSize, .done, (.records | length)]' "$TMP/page")" \
	'[1000000,false,2000]'
last=$(query 'SELECT Id FROM ContentDocument LIMIT 1 OFFSET 2000' | jq -r '.records[0].Id')
is 'a query finds one of a million documents by its Id' \
	"$(query "SELECT Id FROM ContentDocument WHERE Id = '$last'" | jq .totalSize)" 1
query "SELECT Id, ContentSize, Checksum FROM ContentVersion WHERE IsLatest = true AND ContentSize > 500 LIMIT 1" \
	>"$TMP/version"
id=$(jq -r '.records[0].Id' "$TMP/version")
get -H "Authorization: Bearer $token" "$ORG_URL/services/data/v66.0/sobjects/ContentVersion/$id/VersionData" \
	>"$TMP/blob"
is 'the bytes of a made document have the size and MD5 of its record' \
	"$(wc -c <"$TMP/blob") $(md5sum <"$TMP/blob" | cut -c1-32)" \
	"$(jq -r '.records[0] | "\(.ContentSize) \(.Checksum)"' "$TMP/version")"
is 'a second query has the same MD5' "$(query "SELECT Checksum FROM ContentVersion WHERE Id = '$id'" |
	jq -r '.records[0].Checksum')" \
	"$(jq -r '.records[0].Checksum' "$TMP/version")"
ok 'a million documents need less than 256 MB' test \
	"$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$ORG_PID/status")" -lt 262144
kill "$ORG_PID"; wait "$ORG_PID"
is 'the org exits 0 on SIGTERM' "$?" 0
ORG_PID=
