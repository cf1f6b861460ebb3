#!/bin/sh
# Each OAuth error of Salesforce is shown in Salesforce's words, with what to do: the rows of g70-oauth-errors.table.
. "${0%/*}/lib.sh"
table=$TOP/tests/g70-oauth-errors.table
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sffs -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
	2>"$TMP/openssl"
openssl genrsa -out "$TMP/other.pem" 2048 2>>"$TMP/openssl"
org_start --synthetic 10 --plain --redirect-uri "http://localhost:$port/OauthRedirect" --jwt-cert "$TMP/cert.pem" \
	--auto-approve 1
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
cp "$config" "$TMP/section"
key() { sed -n "s/^$1 = //p" "$TMP/section"; }
id=$(key client_id) secret=$(key client_secret)
settings=$(org set | sed 's/^/-d /')
said() { grep -qF -e "$1" "$2"; }

# write_config FLOW LINE: the section for it; LINE replaces the line of its key.
write_config() {
	{
		printf '%s\n' '[sim]' "login_url = $ORG_URL" "client_id = $id"
		case $1 in
		client_credentials) printf '%s\n' 'flow = client_credentials' "client_secret = $secret" ;;
		jwt) printf '%s\n' 'flow = jwt' 'username = integration@example.com' "private_key = $TMP/key.pem" ;;
		*) printf '%s\n' 'flow = web' "client_secret = $secret" \
		"redirect_uri = http://localhost:$port/OauthRedirect" ;;
		esac
	} >"$config"
	if [ -n "$2" ]; then
		sed -i "/^${2%% *} = /d" "$config"
		printf '%s\n' "$2" | sed "s,OTHER,$TMP/other.pem,; s,PORT,$port," >>"$config"
	fi
}
# A login in a browser: visits its URL; if that page has no way back, pastes the address instead.
browse() {
	mkfifo "$TMP/paste" "$TMP/told"
	"$auth" login --no-browser --timeout 60 sim <"$TMP/paste" >"$TMP/out" 2>"$TMP/told" & HELD=$!
	exec 8>"$TMP/paste" 9<"$TMP/told"
	while read -r line <&9; do case $line in http*) break ;; esac; done
	back=$(curl -s -o "$TMP/page" -w '%{redirect_url}' "$line")
	if [ -n "$back" ]; then
		curl -s -o "$TMP/page" "$back"
	else
		sed -n "s,.*role=\"alert\">\(.*\)</p>,\1,p" "$TMP/page" | sed 's/&amp;/\&/g' >&8
	fi
	exec 8>&-
	wait "$HELD"; rc=$?; HELD=
	cat <&9 >"$TMP/err"
	exec 9<&-
	rm "$TMP/paste" "$TMP/told"
}

sed 's/ *| */|/g' "$table" | grep -v '^#' >"$TMP/rows"
while IFS='|' read -r flow how error description exits remedy <&3; do
	row="$flow, $how: $error, $description"
	text="sim: Salesforce says $error${description:+, $description}: $remedy"
	line= back=
	rm -rf "$XDG_STATE_HOME/sffs" "$XDG_CACHE_HOME/sffs"
	case $how in 'config '*) line=${how#config } ;; esac
	if [ "$flow" = refresh ]; then
		write_config web ''
		printf 'force://%s:%s:%s@%s' "$id" "$secret" "$(org approve -X POST)" "${ORG_URL#*://}" | "$auth" \
			import sim >"$TMP/out" 2>&1
		org expire-tokens -X POST >/dev/null
	fi
	write_config "$flow" "$line"
	case $how in
	fault)
		at='POST */token'
		[ "$flow" != authorize ] || at='GET */authorize'
		org fault -d kind=oauth-error -d times=forever -d "code=$error" --data-urlencode \
			"message=$description" --data-urlencode "match=$at" >/dev/null ;;
	set*) org set -d "${how#set }" >/dev/null ;;
	revoke) org revoke -X POST >/dev/null ;;
	esac
	before=$(jq -r .refresh_token "$XDG_STATE_HOME/sffs/sim.json" 2>/dev/null)
	case $flow in
	code|authorize) browse ;;
	*) "$auth" token sim >"$TMP/out" 2>"$TMP/err" </dev/null; rc=$? ;;
	esac
	is "$row: exit status" "$rc" "${exits% *}"
	ok "$row: the message has the error and the remedy" said "$text" "$TMP/err"
	[ "$flow" != refresh ] || [ "$how" = revoke ] ||
		is "$row: the login is kept" "$(jq -r .refresh_token "$XDG_STATE_HOME/sffs/sim.json")" "$before"
	[ -z "$back" ] ||
		ok "$row: the browser shows them too" sh -c \
		"sed 's/&gt;/>/g; s/&quot;/\"/g; s/&amp;/\\&/g' '$TMP/page' | grep -qF -e \"\${1#sim: }\"" - "$text"
	if [ "${exits#* }" != - ]; then
		"$BUILD/sffs" sim "$MNT" >"$TMP/out" 2>"$TMP/err"
		is "$row: a mount: exit status" "$?" "${exits#* }"
		ok "$row: the message of a mount has them too" said "$text" "$TMP/err"
	fi
	# shellcheck disable=SC2086 # words
	org set $settings >/dev/null
	org fault/clear -X POST >/dev/null
done 3<"$TMP/rows"

# The table has every error of the org and every advice of sffs.
sed -n 's/^[^{]*{ "[a-z-]*", "\([^"]*\)", \(NULL\|"[^"]*"\).*/\1|\2/p; s/^[^{]*{ "[a-z-]*", "\([^"]*\)",$/\1|/p' \
	"$TOP/tests/org/refusal.c" |
	sed 's/|NULL/|/; s/"//g' >"$TMP/refusals"
is 'the simulated org has more than 30 errors' "$(($(wc -l <"$TMP/refusals") > 30))" 1
is 'the table has each error of the simulated org' "$(while IFS='|' read -r error description; do
	grep -qiF -e "|$error|$description" "$TMP/rows" || echo "$error, $description"; done <"$TMP/refusals")" ''
is 'the table has each remedy of sffs' "$(python3 - "$TOP/auth/oauth.c" "$TMP/rows" <<'END'
import re, sys
source = open(sys.argv[1]).read()
table = source[source.index('errors[] = {'):]
table = table[:table.index('};')]
rows = [line.rstrip('\n').split('|')[5] for line in open(sys.argv[2])]
for row in re.findall(r'OAUTH_[A-Z]+,\s*((?:"[^"]*"\s*)+)', table):
    remedy = ''.join(re.findall(r'"([^"]*)"', row))
    if remedy not in rows: print(remedy)
END
)" ''
plan $number
