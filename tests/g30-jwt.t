#!/bin/sh
# The JWT bearer flow needs only a key and a username; each way to fail has its own message.
. "${0%/*}/lib.sh"; plan 31
pem=$TMP/key.pem
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sffs -keyout "$pem" -out "$TMP/cert.pem" 2>"$TMP/openssl"
openssl genrsa -out "$TMP/other.pem" 2048 2>>"$TMP/openssl"
openssl rsa -aes128 -passout pass:open -in "$pem" -out "$TMP/locked.pem" 2>>"$TMP/openssl"
org_start --synthetic 10 --plain --flow jwt --jwt-cert "$TMP/cert.pem"
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
sed -i '/^client_secret/d' "$config"
cp "$config" "$TMP/good"
printf 'private_key = %s\n' "$pem" >>"$TMP/good"
# with LINE...: the config with these lines instead of private_key.
with() { { sed '/^private_key/d' "$TMP/good"; printf '%s\n' "$@"; } >"$config"; }
cp "$TMP/good" "$config"
run() {
	what=$1 want=$2; shift 2
	timeout -s KILL 120 "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	is "$what: exit status" "$?" "$want"
	out=$(cat "$TMP/out") err=$(cat "$TMP/err")
	cat "$TMP/out" "$TMP/err" >>"$TMP/said"
}
fault() { org fault -d kind=oauth-error -d name="$1" --data-urlencode 'match=POST */token' >/dev/null; }

run 'login' 0 "$auth" login sim
like 'says who' "$out" 'sim: logged in as integration@example.com*'
calls 'by one request' 'POST */token' 1
org expire-tokens -X POST >/dev/null
run 'a token that has ended' 0 "$auth" token sim
is 'is signed again' "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $out" \
	"$ORG_URL/services/oauth2/userinfo")" 200
with "private_key_cmd = cat $pem"
run 'a key that a command prints' 0 "$auth" login sim
cp "$TMP/good" "$config"
fault audience
org_forget
run 'an org that wants its own name in it' 0 "$auth" login sim
calls 'gets it' 'POST */token' 2

org set -d consented=0 >/dev/null
run 'nobody has approved the app' 4 "$auth" login sim
like 'it says what an admin must do' "$err" '*pre-authorized*'
org set -d consented=1 -d approved=0 >/dev/null
run 'the user may not use it' 4 "$auth" login sim
like 'also what an admin must do' "$err" '*permission set*'
org set -d approved=1 -d skew=600 >/dev/null
run 'a clock that is wrong' 4 "$auth" login sim
like 'is named' "$err" '*clock*'
org set -d skew=0 >/dev/null

with "private_key = $TMP/other.pem"
run 'another key' 4 "$auth" login sim
like 'is told from the right one' "$err" '*private_key must be the key of the certificate*'
with "private_key = $TMP/locked.pem"
run 'a key with a passphrase' 2 "$auth" login sim
like 'is none, and nobody is asked' "$err" '*passphrase*'
with "private_key = $TMP/cert.pem"
run 'a certificate' 2 "$auth" login sim
with "private_key = $TMP/nosuch.pem"
run 'no file' 2 "$auth" login sim
like 'is named' "$err" "*$TMP/nosuch.pem*"
cp "$pem" "$TMP/open.pem"; chmod 644 "$TMP/open.pem"
with "private_key = $TMP/open.pem"
run 'a key that everybody can read' 2 "$auth" login sim
like 'it says how to go on' "$err" "*chmod 600 $TMP/open.pem*"
sed 's/^username.*/username = nobody@example.com/' "$TMP/good" >"$config"
run 'another user is another login' 4 "$auth" token sim
cp "$TMP/good" "$config"
ok 'a mount logs in by itself' fs_mount
is 'and shows the documents' "$(ls "$MNT/documents" | wc -l)" 10
fs_unmount
is 'no key was said' "$(grep -c 'PRIVATE KEY\|eyJ' "$TMP/said")" 0

# restart OPTIONS...: starts another org and uses its section as printed.
restart() { kill "$ORG_PID"; wait "$ORG_PID" 2>/dev/null; rm "$TMP/org.out"; org_start --synthetic 3 --plain --flow \
	jwt "$@"; }
restart --jwt-cert "$TMP/cert.pem" --jwt-key "$pem"
run 'the section that the org prints, with a key of its own' 0 "$auth" login sim
restart
run 'and without one' 0 "$auth" login sim
is 'has a key for its owner alone, and no secret' \
	"$(stat -c %a "$(sed -n 's/^private_key = //p' "$config")") $(grep -c client_secret "$config")" '600 0'
kill "$ORG_PID"; wait "$ORG_PID" 2>/dev/null; ORG_PID=
ok 'which is gone with the org' test ! -e "$(dirname "$(sed -n 's/^private_key = //p' "$config")")"
