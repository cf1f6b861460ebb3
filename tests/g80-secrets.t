#!/bin/sh
# A trace of all system calls shows no secret in an argument list, a log or a file that others can read, and none sent
# to anybody but the org. No core is dumped, and no other process of the user can read the memory.
. "${0%/*}/lib.sh"; plan 31
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sffs -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
	2>"$TMP/openssl"
mkdir "$TMP/data" "$TMP/bin"
printf 'a,b\n1,2\n' >"$TMP/data/table.csv"
org_start --data "$TMP/data" --redirect-uri "http://localhost:$port/OauthRedirect" --auto-approve 1 --rotate 1 \
	--jwt-cert "$TMP/cert.pem"
config=$XDG_CONFIG_HOME/sffs/config
file=$XDG_STATE_HOME/sffs/sim.json
key() { sed -n "s/^$1 = //p" "$TMP/client"; }
cp "$config" "$TMP/client"
key client_secret >"$TMP/secret"
# A browser that follows every URL.
printf '#!/bin/sh\nexec curl -sL -o "%s/page" "$1"\n' "$TMP" >"$TMP/bin/browser"
chmod +x "$TMP/bin/browser"
export BROWSER="$TMP/bin/browser"
calls=execve,execveat,connect,write,writev,pwrite64,sendto,sendmsg,sendmmsg,read,recvfrom,openat
calls=$calls,rename,renameat2,link,symlink,prctl,prlimit64
# LeakSanitizer does not work under strace.
trace() { ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -qq -s 65536 "$@"; }
traced() { trace -yy -o "$TMP/trace" -e "trace=$calls" "$@"; }
# looked DESCRIPTION: the trace, the output and the files show no secret.
looked() {
	jq -r '.access_token, .refresh_token // empty' "$file" >>"$TMP/secret"
	python3 "$TOP/tests/secrets.py" --found "$TMP/trace" "${ORG_URL##*:}" "$TMP/secret" >"$TMP/known"
	is "$1: the trace has no secret in a wrong place" \
		"$(python3 "$TOP/tests/secrets.py" "$TMP/trace" "${ORG_URL##*:}" "$TMP/known")" ''
	is "$1: the output has no secret" \
		"$(cat "$TMP/out" "$TMP/err" "$TMP/page" 2>/dev/null | grep -cFf "$TMP/known")" 0
	is "$1: only the file of the login has a secret" \
		"$(grep -rlaFf "$TMP/known" "$XDG_STATE_HOME" "$XDG_CACHE_HOME" | while read -r f;
		do stat -c '%a %n' "$f"; done)" "600 $file"
}

# A login in a browser.
printf '%s\n' '[sim]' "login_url = $ORG_URL" 'flow = web' "client_id = $(key client_id)" \
	"client_secret = $(key client_secret)" \
	"redirect_uri = http://localhost:$port/OauthRedirect" >"$config"
traced "$BUILD/sffs-auth" login sim >"$TMP/out" 2>"$TMP/err" </dev/null
is 'a login in a browser' "$?" 0
looked 'a login in a browser'
is 'the search knows the code, the verifier, two tokens and the secret of the app' "$(wc -l <"$TMP/known")" 5
is 'the trace has all five secrets' \
	"$(while read -r s; do grep -qF -e "${s%%=*}" "$TMP/trace" && echo yes; done <"$TMP/known" |
	wc -l)" 5
sed 's/execve("[^"]*", \[/&"'"$(key client_secret)"'", /' "$TMP/trace" >"$TMP/bad"
is 'the search finds a secret in an argument list' \
	"$(python3 "$TOP/tests/secrets.py" "$TMP/bad" "${ORG_URL##*:}" "$TMP/known" \
	| grep -c '^a secret in execve: ')" 2
is 'the browser gets one argument' \
	"$(grep -c "execve(\"$TMP/bin/browser\", \[\"$TMP/bin/browser\", \"http" "$TMP/trace")" 1

# A mount: a renewed token, a document, a view, and its status files.
org expire-tokens -X POST >/dev/null
mkfifo "$TMP/ready"
traced "$BUILD/sffs" -f --log-level debug sim "$MNT" >"$TMP/out" 2>"$TMP/ready" & FS_PID=$!
sed '/is mounted on/q' <"$TMP/ready" >"$TMP/err"
exec 9<"$TMP/ready"
is 'a traced mount serves a document' "$(cat "$MNT/documents/table/table.csv" | paste -sd ' ')" 'a,b 1,2'
is 'a traced mount serves a view' "$(cat "$MNT/documents/table/parsed/rows.jsonl")" '{"a":"1","b":"2"}'
cat "$MNT/.sffs/log" "$MNT/.sffs/status.json" "$MNT/documents/table/metadata.json" "$MNT/.sffs/documents.tsv" \
	>"$TMP/out"
ok 'the log, status and documents files are not empty' [ -s "$TMP/out" ]
used=$(sed -n '/^5Aep/p' "$TMP/secret")
fs_unmount
wait "$FS_PID"; is 'a mount' "$?" 0; FS_PID=
cat <&9 >>"$TMP/err"
exec 9<&-
looked 'a mount'
ok 'the mount has used the refresh token and stored another' sh -c \
	"grep -qF 'refresh_token=$used' '$TMP/trace' && ! grep -qF '$used' '$file'"

# Logins by a key, and with a secret that a command prints.
printf '%s\n' '[sim]' "login_url = $ORG_URL" 'flow = jwt' "client_id = $(key client_id)" \
	'username = integration@example.com' "private_key = $TMP/key.pem" >"$config"
grep -v '^--' "$TMP/key.pem" >>"$TMP/secret"
traced "$BUILD/sffs-auth" login sim >"$TMP/out" 2>"$TMP/err"
is 'a login by a key' "$?" 0
looked 'a login by a key'
like 'the search knows the assertion' "$(cat "$TMP/known")" '*eyJ*.*.*'
printf '%s\n' '[sim]' "login_url = $ORG_URL" 'flow = client_credentials' "client_id = $(key client_id)" \
	"client_secret_cmd = cat $TMP/client_secret" >"$config"
key client_secret >"$TMP/client_secret"
trace -o "$TMP/exec" -e trace=execve "$BUILD/sffs-auth" login sim >"$TMP/out" 2>"$TMP/err"
is 'login with a secret that a command prints exits 0' "$?" 0
is 'a secret that a command prints is in no argument list' "$(grep -cF "$(key client_secret)" "$TMP/exec")" 0
is 'a secret in -o is refused' "$("$BUILD/sffs" -o client_secret=x sim "$MNT" 2>"$TMP/err"; echo $?)" 2

# Another process of the same user. As root the test uses an ordinary user, because root may look anywhere.
cp "$TMP/client" "$config"
cp "$BUILD/sffs" "$TMP/bin"
as() { "$@"; }
if [ "$(id -u)" = 0 ]; then
	chown -R 65534:65534 "$TMP/bin" "$TMP/state" "$TMP/cache" "$TMP/config" "$MNT"
	chmod 711 "$TMP"
	as() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
fi
cp "$BUILD/sffs" "$TMP/bin/suid"
chmod 4711 "$TMP/bin/suid"
as "$TMP/bin/suid" --version >"$TMP/out" 2>"$TMP/err"
is 'a set-uid sffs refuses to run' "$? $(grep -c 'refuses to run set-uid' "$TMP/err")" \
	"$([ "$(id -u)" = 0 ] && echo '2 1' || echo '0 0')"
rm -f "$file"
org_forget
org fault -d kind=hold --data-urlencode 'match=GET *query*' >/dev/null
as "$TMP/bin/sffs" -f sim "$MNT" 2>"$TMP/err" & HELD=$!
org_wait 'GET *query*'
pid=$(pgrep -f "^$TMP/bin/sffs -f")
is 'a mount of an ordinary user has a token' "$(as cat "$file" | jq -r '.access_token | length > 20')" true
like 'a mount can dump no core' "$(grep core "/proc/$pid/limits")" 'Max core file size  *0  *0  *bytes*'
for what in mem maps environ; do ok "another process of the user cannot read $what" not as head -c 1 \
	"/proc/$pid/$what"; done
ok 'another process of the user cannot trace the mount' not as strace -qq -o "$TMP/cache/strace" -e trace=none -p "$pid"
kill "$HELD"; wait "$HELD" 2>/dev/null; HELD=
