#!/bin/sh
# A user whose Salesforce CLI is logged in types the three lines of the README, and the org is mounted.
. "${0%/*}/lib.sh"; plan 8
data=$TMP/data
mkdir "$data"
echo 'the file' >"$data/a.txt"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sf -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
	2>"$TMP/openssl"
org_start --data "$data" --jwt-cert "$TMP/cert.pem"
id=$(sed -n 's/^client_id = //p' "$XDG_CONFIG_HOME/sffs/config")
rm "$XDG_CONFIG_HOME/sffs/config"
HOME=$TMP/home; export HOME; mkdir "$HOME"
unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME
at_end() { fusermount3 -u "$HOME/acme" 2>/dev/null; }
"$TOP/tests/salesforce-cli" "$TMP/bin" || exit 1
PATH=$BUILD:$TMP/bin:$PATH
ok 'sf logs in to the org' sf org login jwt --username integration@example.com --jwt-key-file "$TMP/key.pem" \
	--client-id "$id" --instance-url "$ORG_URL" --alias acme-prod

sed -n '/^## Your own org/,/^## /p' "$TOP/README.md" | sed -n '/^```sh$/,/^```$/p' | sed '/^```/d' >"$TMP/lines"
is 'the README has three lines' "$(wc -l <"$TMP/lines")" 3
run 'the first line, on a terminal' 0 sh -c 'echo number=1 | python3 "$@"' sh "$TOP/tests/typed.py" /bin/sh -c \
	"$(sed -n 1p "$TMP/lines")"
like 'it offers the login of sf' "$out" "*1  $ORG_URL  integration@example.com  acme-prod*"
like 'it takes the login over' "$out" '*acme: logged in as integration@example.com*is written*'
is 'it ends with the other lines' "$(printf %s "$out" | tr -d '\r' | sed -n 's/^Now mount it, such as: //p')" \
	"$(sed -n '2,$p' "$TMP/lines" | paste -sd '&' | sed 's/&/ \&\& /')"
run 'the other lines' 0 sh -ec "$(sed -n '2,$p' "$TMP/lines")"
is 'the org is mounted' "$(cat "$HOME/acme/documents/a/a.txt")" 'the file'
