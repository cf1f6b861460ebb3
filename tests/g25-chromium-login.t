#!/bin/sh
# In a real Chromium a person logs in to the org, allows or denies the app, and comes back.
. "${0%/*}/lib.sh"; plan 26
playwright=$("$TOP/tests/npm-fetch" playwright-core@1.65.1) || exit 1
port=$(free_port)
callback=http://localhost:$port/OauthRedirect
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
	-days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 2>/dev/null
export CURL_CA_BUNDLE="$TMP/cert.pem"
mkdir "$TMP/data" "$TMP/bin"
echo 'hello from the org' >"$TMP/data/hello.txt"
org_start --data "$TMP/data" --flow web --redirect-uri "$callback" --tls-cert "$TMP/cert.pem" --tls-key "$TMP/key.pem" \
	--require-pkce 1
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
echo "ca_file = $TMP/cert.pem" >>"$config"
password=$(sed -n 's/.*password //p' "$config")

# A real org is a public site, so Chromium must not treat its pages as local ones that lead to this machine.
cat >"$TMP/bin/browser" <<END
#!/bin/sh
exec node "$TOP/tests/browser.js" "$playwright" "$TMP/profile" integration@example.com "$password" "\$ANSWER" \\
	"\$@" >"$TMP/pages" 2>&1
END
chmod +x "$TMP/bin/browser"
export BROWSER="$TMP/bin/browser"
mkfifo "$TMP/pages"
# login ANSWER: a person logs in and answers ANSWER; $TMP/seen gets the pages.
login() {
	ANSWER=$1 "$auth" login --timeout 90 sim >"$TMP/out" 2>"$TMP/err" </dev/null & HELD=$!
	timeout 90 cat "$TMP/pages" >"$TMP/seen"
	wait "$HELD"; rc=$?; HELD=
	rm -rf "$TMP/profile"
}
# page WHAT FIELDS: prints FIELDS of a page.
page() { jq -r --arg what "$1" "select(.what == \$what) | [$2] | join(\", \")" "$TMP/seen"; }

login deny
is 'Chromium comes to the login page of the org' "$(page login .status,.where,.title)" \
	"200, $ORG_URL/services/oauth2/authorize, Log In | Simulated Org"
is 'after a wrong password the login page asks again' "$(page again .heading,.alert)" \
	"Log In, Please check your username and password. If you still can't log in, contact your Salesforce \
administrator."
is 'after the right password the page asks: Allow Access?' "$(page ask .heading,.buttons)" 'Allow Access?, Deny|Allow'
is 'the page lists what the app may do' "$(page ask .list)" 'Manage user data via APIs|Perform requests at any time'
like 'the page names the user' "$(page ask .text)" '*sffs is asking to*allow access for integration@example.com*'
is 'Deny leads Chromium back to sffs-auth' "$(page end .where,.status)" "$callback, 400"
is 'after Deny the page says: Not logged in' "$(page end .title,.heading)" 'Not logged in, Not logged in'
like 'the page says that Deny was chosen' "$(page end .text)" \
	'*Salesforce says access_denied*Deny was chosen in the browser; log in again and choose Allow'
is 'after Deny no page has loaded anything from elsewhere' "$(page all .asked)" "${ORG_URL#*://} localhost:$port"
is 'Chromium reports no error after Deny' "$(page all '(.complaints | join(" "))')$(page failed .why)" ''
is 'a login that was denied: exit status' "$rc" 4
like 'the terminal says that Deny was chosen' "$(cat "$TMP/err")" \
	'*sim: Salesforce says access_denied*log in again and choose Allow'
"$auth" status sim >"$TMP/out"; is 'after Deny nobody is logged in' "$?" 3

org_forget
login allow
is 'Allow leads Chromium back to sffs-auth' "$(page end .where,.status)" "$callback, 200"
is 'after Allow the page says: Logged in' "$(page end .title,.heading)" 'Logged in, Logged in'
like 'the page says that the window can be closed' "$(page end .text)" \
	'*You can close this window and go back to the terminal.'
is 'after Allow no page has loaded anything from elsewhere' "$(page all .asked)" "${ORG_URL#*://} localhost:$port"
is 'Chromium reports no error after Allow' "$(page all '(.complaints | join(" "))')$(page failed .why)" ''
is 'a login that was allowed: exit status' "$rc" 0
like 'the terminal names the user and the org' "$(cat "$TMP/out")" \
	"sim: logged in as integration@example.com, user 005* of org 00D* at $ORG_URL"
calls 'one request exchanges the code' 'POST */token' 1
"$auth" status sim >"$TMP/out"; is 'status after a login: exit status' "$?" 0
like 'status shows the login' "$(cat "$TMP/out")" '*logged in*org*00D*user*005*scopes*api refresh_token*by*web*'
org_forget
ok 'a mount uses the login' fs_mount
is 'a document can be read with the login' "$(cat "$MNT/documents/hello/hello.txt")" 'hello from the org'
calls 'the mount uses the token of the login' 'POST */token' 0
fs_unmount
