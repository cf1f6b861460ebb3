#!/bin/sh
# The simulated org answers like Salesforce, on the wire and to an unmodified client library.
. "${0%/*}/lib.sh"

key() { sed -n "s/^$1 = //p" "$XDG_CONFIG_HOME/sffs/config"; }
token() { curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=client_credentials -d "client_id=$(key client_id)" \
	-d "client_secret=$(key client_secret)" "$@"; }
api() { api_path=$1; shift; curl -sS -H "Authorization: Bearer $TOKEN" "$ORG_URL/services/data/v66.0/$api_path" "$@"; }
query() { soql=$1; shift; api query -G --data-urlencode "q=$soql" "$@"; }
code() { jq -r '.[0].errorCode'; }
# header NAME: its value in the last answer.
header() { tr -d '\r' <"$TMP/head" | sed -n "s/^$1: //Ip"; }
status() { sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$TMP/head"; }

mkdir "$TMP/data" "$TMP/data/Sales" "$TMP/data/Many.versions"
for i in Table A B C; do printf 'a,b\n1,%s\n' $i >"$TMP/data/$i.csv"; done
head -c 300000 /dev/urandom >"$TMP/data/Big.bin"
: >"$TMP/data/Empty.txt"
echo one >"$TMP/data/Many.versions/1.txt"; echo two >"$TMP/data/Many.versions/2.txt"
i=0; while [ $i -lt 450 ]; do i=$((i + 1)); echo $i >"$TMP/data/Sales/n$i.txt"; done
org_start --data "$TMP/data"

# Tokens
is 'a token has seven fields, and no expires_in' "$(token | jq -c 'keys')" \
	'["access_token","id","instance_url","issued_at","scope","signature","token_type"]'
TOKEN=$(token | jq -r .access_token)
is 'a token request with a chunked body is accepted' "$(token -H 'Transfer-Encoding: chunked' | jq -r .token_type)" \
	Bearer
is 'a token request with Basic authentication is accepted' \
	"$(curl -sS -u "$(key client_id):$(key client_secret)" "$ORG_URL/services/oauth2/token" -d \
	grant_type=client_credentials | jq -r .token_type)" Bearer
is 'a token request with another Host is refused' \
	"$(token -H 'Host: login.salesforce.com' | jq -r .error_description)" \
	'request not supported on this domain'
curl -sS -D "$TMP/head" "$ORG_URL/services/data/v66.0/limits" -H 'Authorization: Bearer 00Dbad!' >"$TMP/body"
is 'a bad token is 401, and closes the connection' "$(status) $(code <"$TMP/body") $(header Connection)" \
	'401 INVALID_SESSION_ID close'
is 'a request without a token is 401' "$(curl -sS "$ORG_URL/services/data/v66.0/" | code)" INVALID_SESSION_ID
org expire-tokens -X POST
is 'a token that has expired is 401' "$(api limits | code)" INVALID_SESSION_ID
TOKEN=$(token | jq -r .access_token)

# Versions, limits
curl -sS -D "$TMP/head" "$ORG_URL/services/data/" >"$TMP/body"
is 'the list of versions needs no token and counts no call' \
	"$(jq -r '.[-1].version' "$TMP/body") $(header Sforce-Limit-Info)" '68.0 '
api limits -D "$TMP/head" >"$TMP/body"; before=$(header Sforce-Limit-Info)
is 'limits and the header Sforce-Limit-Info agree' \
	"$(jq -r '"api-usage=\(.DailyApiRequests.Max - .DailyApiRequests.Remaining)/\(.DailyApiRequests.Max)"' \
	"$TMP/body")" "$before"
org set -d api-limit=0
is 'a spent API limit is 403' "$(api limits -D "$TMP/head" | code) $(status)" 'REQUEST_LIMIT_EXCEEDED 403'
org set -d api-limit=100000
is 'a retired API version is 410' "$(curl -sS -o /dev/null -w '%{http_code}' "$ORG_URL/services/data/v30.0/limits")" 410
is 'a URI of 16,400 bytes is 414' "$(api "$(head -c 16400 /dev/zero | tr '\0' x)" -o /dev/null -w '%{http_code}')" 414
is 'a header of 16,400 bytes is 431' "$(api limits -H "X: $(head -c 16400 /dev/zero |
	tr '\0' x)" -o /dev/null -w '%{http_code}')" 431

# Queries and their pages
is 'SELECT COUNT() has a size and no records' \
	"$(query 'SELECT COUNT() FROM ContentDocument' | jq -c '[.totalSize, .done, .records]')" '[457,true,[]]'
query 'SELECT Id FROM ContentDocument' -H 'Sforce-Query-Options: batchSize=1' >"$TMP/page"
is 'a page has 200 records or more' "$(jq -c '[(.records | length), .done, .totalSize]' "$TMP/page")" '[200,false,457]'
next=$(jq -r .nextRecordsUrl "$TMP/page")
is 'query of a locator has the next page' \
	"$(api "query/${next##*/}" | jq -c '[(.records | length), .done, .totalSize]')" '[257,true,457]'
is 'queryAll of a locator has the next page' "$(api "queryAll/${next##*/}" | jq .done)" true
org expire-locators -X POST
is 'a locator that has expired is INVALID_QUERY_LOCATOR' "$(api "query/${next##*/}" | code)" INVALID_QUERY_LOCATOR
org set -d page-size=3 -d shuffle=1
is 'the org may give smaller pages, and keys in another order' "$(query 'SELECT Id FROM ContentDocument' |
	jq -c '[(.records | length), (keys_unsorted)]')" \
	'[3,["records","done","nextRecordsUrl","totalSize"]]'
org set -d page-size=0 -d shuffle=0 -d query-all-files=0
is 'a query of all ContentDocumentLink is refused' \
	"$(query 'SELECT Id FROM ContentDocumentLink' | jq -r '.[0].message')" \
	"Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or \
LinkedEntityId using the equals operator or multiple Id's using the IN operator."
org set -d query-all-files=1

# Bytes
version() { query "SELECT Id FROM ContentVersion WHERE Title = '$1' AND IsLatest = true" | jq -r '.records[0].Id'; }
blob() { id=$1; shift; api "sobjects/ContentVersion/$id/VersionData" -D "$TMP/head" -o "$TMP/blob" "$@"; }
big=$(version Big)
blob "$big"
same 'VersionData has the bytes of the file' "$TMP/blob" "$TMP/data/Big.bin"
is 'VersionData is chunked, of type octetstream, without a length' \
	"$(header Transfer-Encoding) $(header Content-Type) $(header \
	Content-Length)" 'chunked application/octetstream '
blob "$big" -r 100-199
is 'VersionData ignores Range' "$(status) $(wc -c <"$TMP/blob")" '200 300000'
org set -d range=1
blob "$big" -r 100-199
tail -c +101 "$TMP/data/Big.bin" | head -c 100 >"$TMP/part"
is 'with range=1 VersionData answers Range with 206' "$(status) $(header Content-Range)" '206 bytes 100-199/300000'
same 'with range=1 VersionData has the bytes of the range' "$TMP/blob" "$TMP/part"
blob "$big" -r 300000-
is 'with range=1 a range beyond the end is 416' "$(status) $(header Content-Range)" '416 bytes */300000'
org set -d range=0
blob "$(version Many)"
is 'the latest version has the bytes of the last one' "$(cat "$TMP/blob")" two
blob "$(version Empty)"
is 'VersionData of an empty file is empty' "$(status) $(wc -c <"$TMP/blob")" '200 0'

# Changes
org change -d op=rename -d title=Table -d to=Renamed >/dev/null
is 'a query finds a document under its new title only' \
	"$(query "SELECT Title FROM ContentDocument WHERE Title IN ('Table', 'Renamed')" |
	jq -r '.records[].Title')" Renamed
id=$(org document -G -d title=Renamed); id=${id%% *}
org change -d op=delete -d "id=$id" >/dev/null
is 'a deleted document is 404' "$(api "sobjects/ContentDocument/$id" | code)" ENTITY_IS_DELETED
is 'a deleted document is in queryAll only' "$(query "SELECT Id FROM ContentDocument WHERE Id = '$id'" |
	jq .totalSize) $(api queryAll -G \
	--data-urlencode "q=SELECT IsDeleted FROM ContentDocument WHERE Id = '$id'" | jq -c '.records[0].IsDeleted')" \
	'0 true'

# Faults: curl's status for each, and the number of bytes
fault() {
	what=$1 want=$2; shift 2
	org fault -d 'match=*VersionData' "$@"
	: >"$TMP/blob"
	blob "$big" 2>/dev/null
	is "fault $what" "$? $(wc -c <"$TMP/blob")" "$want"
}
fault html '0 0' -d kind=html -d 'body=' -d status=502
fault garbage '0 15' -d kind=garbage
fault drop '52 0' -d kind=drop
fault not-http '1 0' -d kind=not-http
fault drop-after '18 1000' -d kind=drop-after -d bytes=1000
fault short '0 299990' -d kind=short -d bytes=10
fault long '0 300010' -d kind=long -d bytes=10
fault corrupt '0 300000' -d kind=corrupt -d bytes=5
is 'fault corrupt turns one bit of one byte' "$(cmp -l "$TMP/blob" "$TMP/data/Big.bin" | awk '{ print $1 }')" 6
org fault -d kind=error -d status=503 -d code=SERVER_UNAVAILABLE -d 'header=Retry-After: 7'
is 'fault error' "$(api limits -D "$TMP/head" | code) $(status) $(header Retry-After)" 'SERVER_UNAVAILABLE 503 7'
org fault -d kind=oauth-error -d code=invalid_grant -d 'message=inactive user'
is 'fault oauth-error' "$(token | jq -r .error_description)" 'inactive user'

# 64 connections at once: all arrive, none is answered before the release
org_forget
org fault -d kind=hold -d times=64 -d 'match=*/limits'
curl -sS --parallel --parallel-immediate --parallel-max 64 -H "Authorization: Bearer $TOKEN" \
	"$ORG_URL/services/data/v66.0/limits?[1-64]" >"$TMP/all" 2>/dev/null &
ok 'the org holds 64 requests' org wait -G -d held=64
is 'the org serves another request while it holds 64' "$(api '' | jq -r .limits)" /services/data/v66.0/limits
is 'the org releases 64 requests' "$(org release -X POST)" 64
wait $!
is 'all 64 requests are answered' "$(jq -s 'length' "$TMP/all")" 64
calls 'the journal has 64 requests' 'GET */limits' 64

# A client library that knows nothing of this org
jsforce=$("$TOP/tests/npm-install" jsforce@3.10.8) || exit 1
node "$TOP/tests/org/jsforce.js" "$jsforce" "$ORG_URL" "$(key client_id)" "$(key client_secret)" >"$TMP/jsforce"
while read -r line; do
	case $line in
	ok*) is "jsforce: ${line#ok * - }" ok ok ;;
	not*) is "jsforce: ${line#not ok * - }" 'not ok' ok ;;
	\#*) echo "$line" ;;
	1..*) all=$line ;;
	esac
done <"$TMP/jsforce"
is 'jsforce ran all its checks' "$all" 1..74
kill "$ORG_PID"; wait "$ORG_PID"
is 'the org exits 0 on SIGTERM' "$?" 0
ORG_PID=
plan $number
