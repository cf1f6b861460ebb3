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
fault() { org fault -d kind=oauth-error -d name="$1" --data-urlencode 'match=POST */token' >/dev/null; }

run 'login with a key' 0 "$auth" login sim
like 'login with a key names the user' "$out" 'sim: logged in as integration@example.com*'
calls 'login with a key makes one request' 'POST */token' 1
org expire-tokens -X POST >/dev/null
run 'token, after the old one has expired' 0 "$auth" token sim
is 'the token of a new assertion works' "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $out" \
	"$ORG_URL/services/oauth2/userinfo")" 200
with "private_key_cmd = cat $pem"
run 'login with a key that a command prints' 0 "$auth" login sim
cp "$TMP/good" "$config"
fault audience
org_forget
run 'login to an org that wants its own name as the audience' 0 "$auth" login sim
calls 'after an audience error a second assertion has the other audience' 'POST */token' 2

org set -d consented=0 >/dev/null
run 'login with an app that nobody has approved' 4 "$auth" login sim
like 'the message says that an admin must pre-authorize the app' "$err" '*pre-authorized*'
org set -d consented=1 -d approved=0 >/dev/null
run 'login of a user who may not use the app' 4 "$auth" login sim
like 'the message says that an admin must give the user a permission set' "$err" '*permission set*'
org set -d approved=1 -d skew=600 >/dev/null
run 'login with a clock that is wrong' 4 "$auth" login sim
like 'the message names the clock' "$err" '*clock*'
org set -d skew=0 >/dev/null

with "private_key = $TMP/other.pem"
run 'login with a key of another certificate' 4 "$auth" login sim
like 'the message says which key the app needs' "$err" '*private_key must be the key of the certificate*'
with "private_key = $TMP/locked.pem"
run 'login with a key that has a passphrase' 2 "$auth" login sim
like 'sffs-auth asks for no passphrase' "$err" '*passphrase*'
with "private_key = $TMP/cert.pem"
run 'login with a certificate instead of a key' 2 "$auth" login sim
with "private_key = $TMP/nosuch.pem"
run 'login with a key file that does not exist' 2 "$auth" login sim
like 'the message names the missing key file' "$err" "*$TMP/nosuch.pem*"
cp "$pem" "$TMP/open.pem"; chmod 644 "$TMP/open.pem"
with "private_key = $TMP/open.pem"
run 'login with a key that everybody can read' 2 "$auth" login sim
like 'the message about a readable key says: chmod 600' "$err" "*chmod 600 $TMP/open.pem*"
sed 's/^username.*/username = nobody@example.com/' "$TMP/good" >"$config"
run 'token for another username in the config' 4 "$auth" token sim
cp "$TMP/good" "$config"
ok 'a mount logs in with a key' fs_mount
is 'a mount with a key lists the documents' "$(ls "$MNT/documents" | wc -l)" 10
fs_unmount
is 'no command printed a key or an assertion' "$(grep -c 'PRIVATE KEY\|eyJ' "$TMP/said")" 0

# restart OPTIONS...: starts another org and uses its section as printed.
restart() { kill "$ORG_PID"; wait "$ORG_PID" 2>/dev/null; rm "$TMP/org.out"; org_start --synthetic 3 --plain --flow \
	jwt "$@"; }
restart --jwt-cert "$TMP/cert.pem" --jwt-key "$pem"
run 'login with the section that the org prints for a given key' 0 "$auth" login sim
restart
run 'login with the section that the org prints for a key of its own' 0 "$auth" login sim
is 'the key that the org makes is private, and its section has no secret' \
	"$(stat -c %a "$(sed -n 's/^private_key = //p' "$config")") $(grep -c client_secret "$config")" '600 0'
kill "$ORG_PID"; wait "$ORG_PID" 2>/dev/null; ORG_PID=
ok 'the org deletes its key when it ends' test ! -e "$(dirname "$(sed -n 's/^private_key = //p' "$config")")"
