#!/bin/sh
# sffs-auth imports a login of the Salesforce CLI: its SFDX auth URL, or the access token that it prints.
. "${0%/*}/lib.sh"; plan 47
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sf -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
	2>"$TMP/openssl"
org_start --synthetic 10 --plain --jwt-cert "$TMP/cert.pem"
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
id=$(sed -n 's/^client_id = //p' "$config") secret=$(sed -n 's/^client_secret = //p' "$config")
# The section names no app: the login brings its own.
printf '[sim]\nlogin_url = %s\n' "$ORG_URL" >"$config"
file=$XDG_STATE_HOME/sffs/sim.json
url() { printf 'force://%s:%s:%s@%s\n' "$id" "$secret" "$(org approve -X POST)" "${1:-${ORG_URL#*://}}"; }

url >"$TMP/url"
run 'import of a URL from standard input' 0 "$auth" import sim <"$TMP/url"
like 'import names the user' "$out" '*integration@example.com*one login*'
is 'status says that the login was imported' "$("$auth" status --json sim | jq -c '[.logged_in, .how]')" \
	'[true,"import"]'
is 'only its owner can read the file of the imported login' "$(stat -c %a "$file")" 600
org expire-tokens -X POST
run 'token of an imported login, after the old one has expired' 0 "$auth" token sim
printf '{"status":0,"result":{"sfdxAuthUrl":"%s"}}' "$(url)" >"$TMP/url"
run 'import of JSON from a file' 0 "$auth" import sim "$TMP/url"
token=$(jq -r .refresh_token "$file")
run 'logout of an imported login' 0 "$auth" logout sim
like 'logout says that the CLI still has the login' "$out" '*still has it*'
is 'the refresh token of the CLI works after the logout' \
	"$(curl -s -o /dev/null -w '%{http_code}' -d grant_type=refresh_token -d "refresh_token=$token" -d \
	"client_id=$id" -d "client_secret=$secret" "$ORG_URL/services/oauth2/token")" 200

url other.my.salesforce.com >"$TMP/url"
org_forget
run 'import of a URL of another org' 2 "$auth" import sim "$TMP/url"
like 'the message names the other org' "$err" '*other.my.salesforce.com*'
calls 'sffs-auth sends the token of another org nowhere' '*' 0
printf 'force://%s:%s:5Aep861wrong@%s\n' "$id" "$secret" "${ORG_URL#*://}" >"$TMP/url"
run 'import of a login that has ended' 4 "$auth" import sim "$TMP/url"
echo "$ORG_URL" >"$TMP/url"
run 'import of a file without an auth URL' 2 "$auth" import sim "$TMP/url"
run 'import of a file that does not exist' 2 "$auth" import sim "$TMP/nosuch"
run 'import of an empty file' 2 "$auth" import sim </dev/null
is 'an import that fails stores no login' "$("$auth" status --json sim | jq .logged_in)" false

# The Salesforce CLI of npm, logged in by a key, as uat.
"$TOP/tests/salesforce-cli" "$TMP/bin" || exit 1
export PATH="$TMP/bin:$PATH" HOME="$TMP"
ok 'sf logs in to the org' sf org login jwt --username integration@example.com --jwt-key-file "$TMP/key.pem" \
	--client-id "$id" --instance-url "$ORG_URL" --alias uat
run 'import --from-cli' 0 "$auth" import --from-cli uat sim
like 'import --from-cli names the user and the lifetime' "$out" \
	'*integration@example.com*as long as the session of sf*: sffs-auth login sim'
is 'status says that the login is of the CLI' "$("$auth" status --json sim | jq -c '[.logged_in, .how]')" '[true,"sf"]'
run 'token of a login of the CLI' 0 "$auth" token sim
is 'the token is that of the CLI' "$out" "$(sf org auth show-access-token -o uat --json | jq -r .result.accessToken)"
org expire-tokens -X POST
run 'token, after the token of the CLI has expired' 4 "$auth" token sim
like 'the message says: log in again' "$err" \
	'*the session of the Salesforce CLI has ended; log in again: sffs-auth login sim'
run 'login takes the next token from the CLI' 0 "$auth" login sim
run 'token of the login that was taken again' 0 "$auth" token sim
run 'import --from-cli of an org that the CLI does not know' 2 "$auth" import --from-cli nosuch sim
like 'the message has the words of the CLI' "$err" \
	'*sf org auth show-access-token failed: *No authorization information found for nosuch. See more help*'
run 'import --from-cli, where sf is not in PATH' 2 env PATH="$BUILD" "$auth" import --from-cli uat sim
like 'the message says so' "$err" '*sf (the Salesforce CLI) is not in PATH'
run 'import --from-cli without a section' 0 "$auth" import --from-cli uat other
is 'import writes the section' "$(sed -n '/^\[other/,$p' "$config")" "[other]
login_url = $ORG_URL"
like 'and says how to mount the org' "$out" '*sffs other ~/other'
url >"$TMP/url"
run 'import of a URL without a config file' 0 "$auth" --config "$TMP/new/config" import third "$TMP/url"
is 'import writes the file' "$(cat "$TMP/new/config") $(stat -c %a "$TMP/new/config")" "[third]
login_url = $ORG_URL 600"
run 'token of the login that was imported there' 0 "$auth" --config "$TMP/new/config" token third
like 'what follows keeps --config' "$("$auth" --config "$TMP/new/config" import --from-cli uat fourth)" \
	"*sffs --config $TMP/new/config fourth ~/fourth"

# A CLI that answers what this one does not.
cat >"$TMP/bin/sf" <<'EOF'
#!/bin/sh
printf '%s\n' "$*" >>"$SF_LOG"
case $* in
*show-access-token*) printf '{"status":0,"result":{"accessToken":"%s"},"warnings":[]}\n' "$SF_TOKEN" ;;
*display*) printf '{"status":0,"result":{"instanceUrl":"%s","username":"u"}}\n' "$SF_INSTANCE" ;;
esac
EOF
export SF_LOG="$TMP/sf.log" SF_TOKEN='[REDACTED] Use sf org auth show-access-token to view' SF_INSTANCE="$ORG_URL/"
run 'import --from-cli of a token that the CLI hides' 2 "$auth" import --from-cli uat sim
SF_TOKEN=$(curl -s -d grant_type=client_credentials -d "client_id=$id" -d "client_secret=$secret" \
	"$ORG_URL/services/oauth2/token" | jq -r .access_token)
run 'import --from-cli of a URL with a slash at the end' 0 "$auth" import --from-cli uat sim
org expire-tokens -X POST
run 'import --from-cli of a token that has expired' 4 "$auth" import --from-cli uat sim
SF_INSTANCE=https://evil.example
org_forget
run 'import --from-cli, where the CLI names a host outside Salesforce' 2 "$auth" import --from-cli uat sim
run 'the same without a section' 2 "$auth" import --from-cli uat fifth
calls 'sffs-auth sends the token to no host outside Salesforce' '*' 0
run 'import --from-cli with an option as the name of an org' 2 "$auth" import --from-cli --help sim
is 'sffs-auth gives the CLI no option as the name of an org' "$(grep -c -- --help "$SF_LOG")" 0
is 'no command but token printed a secret' "$(grep -c "$secret\|5Aep\|00D.*!" "$TMP/said")" 4
