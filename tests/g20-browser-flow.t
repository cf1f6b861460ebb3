#!/bin/sh
# A login in a browser works with a person, the browser, and anything else that connects to the port.
. "${0%/*}/lib.sh"; plan 67
port=$(free_port)
callback=http://localhost:$port/OauthRedirect
org_start --synthetic 10 --plain --flow web --redirect-uri "$callback"
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
file=$XDG_STATE_HOME/sffs/sim.json
cp "$config" "$TMP/good"
password=$(sed -n 's/.*password //p' "$config")
org set -d require-pkce=1 >/dev/null

# A browser that only reports its URL; the test plays the person.
mkfifo "$TMP/url"
mkdir "$TMP/bin"
printf '#!/bin/sh\nprintf "%%s\\n" "$#" >"%s/args"\necho "$1" >"%s/url"\n' "$TMP" "$TMP" >"$TMP/bin/browser"
chmod +x "$TMP/bin/browser"
export BROWSER="$TMP/bin/nosuch:$TMP/bin/browser"

# begin OPTIONS...: a login that has come to the browser; its URL is in $url.
begin() {
	"$auth" login "$@" sim >"$TMP/out" 2>"$TMP/err" </dev/null & login=$!
	HELD=$login
	url=$(timeout 120 head -n 1 "$TMP/url")
}
# ended DESCRIPTION STATUS: the login ends with STATUS.
ended() { wait "$login"; is "$1: exit status" "$?" "$2"; HELD=; out=$(cat "$TMP/out") err=$(cat "$TMP/err"); }
# answer: the URL to which the org sends the browser after Allow or Deny.
answer() { curl -s -o "$TMP/page" -w '%{redirect_url}' "$url"; }
status() { curl -s -o "$TMP/page" -w '%{http_code}' "$@"; }

# A person: a form, a page that asks, a way back.
begin
is 'the browser gets one argument' "$(cat "$TMP/args")" 1
like 'the browser gets the URL of the authorize endpoint' "$url" \
	"$ORG_URL/services/oauth2/authorize?response_type=code&client_id=3MVG9*\
code_challenge=*&code_challenge_method=S256*"
like 'the terminal shows the URL too' "$(cat "$TMP/err")" "*$url*"
python3 - "$url" integration@example.com "$password" >"$TMP/person" <<'EOF'
import html.parser, sys, urllib.parse, urllib.request
class Forms(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.fields, self.action, self.buttons = {}, None, []
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == 'form': self.action = a.get('action')
        if tag == 'input' and a.get('name'): self.fields[a['name']] = a.get('value', '')
        if tag == 'button' and a.get('name'): self.buttons.append((a['name'], a['value']))
url, user, password = sys.argv[1:]
opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
answer = opener.open(url)
for fill in ({'username': user, 'password': password}, {'answer': 'allow'}):
    forms = Forms()
    forms.feed(answer.read().decode())
    form = urllib.parse.urlencode({**forms.fields, **fill}).encode()
    answer = opener.open(urllib.parse.urljoin(answer.url, forms.action), form)
print(answer.status, answer.url)
sys.stdout.write(answer.read().decode())
EOF
like 'a person logs in, allows the app, and the browser comes back' "$(head -1 "$TMP/person")" "200 $callback?*code=*"
like 'the page says that the person is logged in' "$(cat "$TMP/person")" '*class="good"*<h1>Logged in</h1>*'
ended 'a login by a person' 0
like 'login names the user' "$out" 'sim: logged in as integration@example.com*'
is 'the login has a refresh token in a file that only its owner can read' \
	"$(jq -r '.how, (.refresh_token | length > 20)' "$file" |
	paste -sd ' ') $(stat -c %a "$file")" 'web true 600'
calls 'the code is exchanged by one request' 'POST */token' 1
org expire-tokens -X POST >/dev/null
ok 'the refresh token renews the login' "$auth" token sim
is 'the page loads nothing from elsewhere' "$(grep -cE '(src|href)="?(https?:)?//|<script' "$TMP/person")" 0

# Other requests.
org set -d auto-approve=1 >/dev/null
begin
good=$(answer)
is 'the listener listens on loopback only' \
	"$(awk -v port="$(printf ':%04X$' "$port")" '$4 == "0A" && $2 ~ port { sub(":.*", "", $2); print $2 }' \
	/proc/net/tcp /proc/net/tcp6 2>"$TMP/no6" |
	grep -vc '^0100007F$\|^00000000000000000000000001000000$')" 0
is 'a request for an icon gets 404' "$(status "http://127.0.0.1:$port/favicon.ico")" 404
is 'a request for another path gets 404' "$(status "http://127.0.0.1:$port/")" 404
is 'a request for a longer path gets 404' "$(status "${callback}X?${good#*\?}")" 404
is 'a preflight request gets 405' "$(status -X OPTIONS -H 'Origin: https://acme.my.salesforce.com' -H \
	'Access-Control-Request-Private-Network: true' "$good")" 405
is 'a POST gets 405' "$(status -d x=y "$good")" 405
is 'a HEAD request gets 200' "$(status -I "$good")" 200
is 'an answer without a state gets 400' "$(status "$callback?code=abc")" 400
is 'an answer with another state gets 400' "$(status "$callback?code=abc&state=abc")" 400
is 'an answer with half of the state gets 400' "$(status "${good%?}")" 400
is 'an error with another state gets 400' "$(status "$callback?error=access_denied&state=abc")" 400
is 'a request without a query gets 400' "$(status "$callback")" 400
like 'the page says that the answer is of another login' "$(cat "$TMP/page")" '*another login*'
is 'a request with a header of 20 kB gets 400' \
	"$({ printf 'X: '; head -c 20000 /dev/zero | tr '\0' x; } | curl -s -o "$TMP/page" -w '%{http_code}' -H \
	@- "$good")" 400
# Connections that send nothing, or half a request, as browsers open them ahead of time; then two requests at once.
python3 - "$port" "$good" >"$TMP/twice" <<'EOF'
import socket, sys, time
port, path = int(sys.argv[1]), '/' + sys.argv[2].split('/', 3)[3]
def connect():
    s = socket.create_connection(('127.0.0.1', port))
    time.sleep(0.05)    # it is accepted before the next one comes
    return s
silent = [connect() for _ in range(20)]
half = connect()
half.sendall(b'GET /Oau')
request = ('GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' % path).encode()
one = connect()
one.sendall(request[:30])
two = connect()
two.sendall(request); one.sendall(request[30:])
for s in one, two:
    answer = b''
    while (block := s.recv(4096)): answer += block
    print(answer.decode().split('\r\n')[0])
EOF
is 'a browser that asks twice gets the same answer twice' "$(cat "$TMP/twice")" 'HTTP/1.1 200 OK
HTTP/1.1 200 OK'
ended 'a login whose browser asks twice' 0
is 'the listener is closed after the login' "$(status "$callback")" 000

# Requests whose bodies do not end, while somebody logs in.
begin
python3 - "$port" >"$TMP/endless" <<'EOF'
import socket, sys, threading
def pour():
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
    s.sendall(b'POST /OauthRedirect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n')
    try:
        for _ in range(256):
            s.sendall(bytes(1 << 20))
        ends.append('endless')
    except OSError:
        ends.append('cut')
ends = []
threads = [threading.Thread(target=pour) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(*ends)
EOF
is 'bodies without an end are cut' "$(cat "$TMP/endless")" 'cut cut cut cut'
is 'and keep the browser from nothing' "$(status "$(answer)")" 200
ended 'the login beside them' 0

# By the other address of localhost.
if [ -e /proc/net/if_inet6 ] && grep -q '^00000000000000000000000000000001 ' /proc/net/if_inet6; then
	begin; is 'a browser can come back by ::1' \
		"$(status "http://[::1]:$port/OauthRedirect?$(answer | sed 's/.*?//')")" 200; ended \
		'a login by ::1' 0
else
	begin; is 'a browser can come back by 127.0.0.1' \
		"$(status "http://127.0.0.1:$port/OauthRedirect?$(answer | sed 's/.*?//')")" 200;
		ended 'a login by 127.0.0.1' 0
fi

# Deny.
org set -d auto-approve=2 >/dev/null
before=$(md5sum <"$file")
begin
is 'a browser that comes back after Deny gets 400' "$(status "$(answer)")" 400
like 'the page says that Deny was chosen' "$(cat "$TMP/page")" '*class="bad"*<h1>Not logged in</h1>*Deny*'
ended 'a login that was denied' 4
like 'the message says that Deny was chosen' "$err" '*Deny was chosen*'
is 'a denied login leaves the old login as it was' "$(md5sum <"$file")" "$before"
org set -d auto-approve=1 >/dev/null
begin
like 'the page shows a text of the org as text, not as HTML' \
	"$(status "$callback?error=%3Cscript%3E&error_description=%22%3Cb%3E&state=$(printf %s "$url" |
	sed 's/.*&state=\([^&]*\).*/\1/')" && cat "$TMP/page")" '400*&lt;script&gt;*&quot;&lt;b&gt;*'
ended 'a login with an unknown error' 4
begin
code=$(answer)
org fault -d kind=oauth-error -d name=expired-code --data-urlencode 'match=POST */token' >/dev/null
is 'a browser whose code the org refuses gets 400' "$(status "$code")" 400
like 'the page says: log in again' "$(cat "$TMP/page")" '*class="bad"*log in again*'
ended 'a login whose code the org refuses' 4
begin
code=$(answer)
org fault -d kind=html -d status=503 -d times=forever --data-urlencode 'match=POST */token' >/dev/null
is 'a browser that comes back during an outage gets 400' "$(status "$code")" 400
ended 'a login during an outage' 5
org fault/clear -X POST >/dev/null
"$auth" login --timeout 1 sim >"$TMP/out" 2>"$TMP/err" </dev/null & login=$!
url=$(timeout 120 head -n 1 "$TMP/url")
ended 'a login to which no browser comes back' 3
like 'the message says that nobody came back' "$err" '*nobody came back*'

# The browser cannot come back, or there is none.
begin --timeout 1m
like 'the terminal says how long it waits' "$(cat "$TMP/err")" '*Waiting for the browser (1 min).*'
"$auth" login sim >"$TMP/out2" 2>"$TMP/err2" </dev/null
is 'two logins at once: exit status' "$?" 2
like 'the second login says that another program has the port' "$(cat "$TMP/err2")" '*another program has the port*'
status "$(answer)" >"$TMP/code"
ended 'the first of two logins at once' 0
paste() { # paste LINES: a login to which these are pasted, %s being the address to which the browser is led.
	mkfifo "$TMP/paste" "$TMP/said"
	"$auth" login --no-browser --timeout 60 sim <"$TMP/paste" >"$TMP/out" 2>"$TMP/said" & login=$!
	exec 8>"$TMP/paste" 9<"$TMP/said"
	while read -r line <&9; do case $line in http*) url=$line; break ;; esac; done
	address=$(answer)
	# shellcheck disable=SC2059 # a format
	printf "$1" "$address" >&8
	exec 8>&-
	wait "$login"; is "$2: exit status" "$?" "$3"
	err=$(cat <&9)
	exec 9<&-
	rm "$TMP/paste" "$TMP/said"
}
paste '%s\n' 'the address is pasted' 0
paste '\nnonsense\nhttp://localhost/?code=x&state=y\n  %s \r\n' 'the address is pasted after other lines' 0
like 'the message says that a pasted line is not the address' "$err" '*not the address*'
paste '%s' 'the address is pasted without a newline' 0
paste 'error=OAUTH_APP_BLOCKED&error_description=this+app+is+blocked+by+admin%.0s\n' \
	'the text of an error page is pasted' 4
like 'the message explains the text of an error page' "$err" '*unblocks the app*'
mkfifo "$TMP/said"
"$auth" login --no-browser sim </dev/null >"$TMP/out" 2>"$TMP/said" & login=$!
exec 9<"$TMP/said"
while read -r line <&9; do case $line in http*) url=$line; break ;; esac; done
is 'login --no-browser takes a browser that comes back all the same' "$(status "$(answer)")" 200
ended 'login --no-browser without standard input' 0
exec 9<&-
sed 's,^redirect_uri.*,redirect_uri = https://example.org/back,' "$TMP/good" >"$config"
"$auth" login sim >"$TMP/out" 2>"$TMP/err" </dev/null
is 'a redirect_uri that leads elsewhere: exit status' "$?" 2
like 'the message names redirect_uri and --no-browser' "$(cat "$TMP/err")" '*redirect_uri*--no-browser*'
cp "$TMP/good" "$config"

# A new login replaces the old one: a user can have five.
begin; status "$(answer)" >"$TMP/code"; ended 'a login' 0
old=$(jq -r .refresh_token "$file")
begin; status "$(answer)" >"$TMP/code"; ended 'a second login' 0
id=$(sed -n 's/^client_id = //p' "$config") secret=$(sed -n 's/^client_secret = //p' "$config")
is 'a second login revokes the token of the first' \
	"$(curl -s -d grant_type=refresh_token -d "refresh_token=$old" -d "client_id=$id" -d \
	"client_secret=$secret" "$ORG_URL/services/oauth2/token" | jq -r .error_description)" \
	'expired access/refresh token'
org set -d secret-web=0 -d secret-refresh=0 >/dev/null
sed '/^client_secret/d' "$TMP/good" >"$config"
begin; status "$(answer)" >"$TMP/code"; ended 'a login without a secret, where the app needs none' 0
org expire-tokens -X POST >/dev/null
ok 'a login without a secret is renewed without a secret' "$auth" token sim
is 'no command printed a secret' "$(cat "$TMP"/out* "$TMP"/err* | grep -c "$secret\|5Aep\|00D.*!")" 0
