#!/bin/sh
# sffs-auth imports a login of the Salesforce CLI: its SFDX auth URL, or the access token that it prints.
. "${0%/*}/lib.sh"; plan 33
org_start --synthetic 10 --plain
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
id=$(sed -n 's/^client_id = //p' "$config") secret=$(sed -n 's/^client_secret = //p' "$config")
# The section names no app: the login brings its own.
printf '[sim]\nlogin_url = %s\n' "$ORG_URL" >"$config"
file=$XDG_STATE_HOME/sffs/sim.json
url() { printf 'force://%s:%s:%s@%s\n' "$id" "$secret" "$(org approve -X POST)" "${1:-${ORG_URL#*://}}"; }
run() {
	what=$1 want=$2; shift 2
	timeout -s KILL 120 "$@" >"$TMP/out" 2>"$TMP/err"
	is "$what: exit status" "$?" "$want"
	out=$(cat "$TMP/out") err=$(cat "$TMP/err")
	cat "$TMP/out" "$TMP/err" >>"$TMP/said"
}

url >"$TMP/url"
run 'a URL on standard input' 0 "$auth" import sim <"$TMP/url"
like 'it names the user' "$out" '*integration@example.com*one login*'
is 'status says where it is from' "$("$auth" status --json sim | jq -c '[.logged_in, .how]')" '[true,"import"]'
is 'the file is its owner'\''s alone' "$(stat -c %a "$file")" 600
org expire-tokens -X POST
run 'it is renewed as the app that it is of' 0 "$auth" token sim
printf '{"status":0,"result":{"sfdxAuthUrl":"%s"}}' "$(url)" >"$TMP/url"
run 'JSON in a file' 0 "$auth" import sim "$TMP/url"
token=$(jq -r .refresh_token "$file")
run 'logout' 0 "$auth" logout sim
like 'says that the CLI still has it' "$out" '*still has it*'
is 'and it has' "$(curl -s -o /dev/null -w '%{http_code}' -d grant_type=refresh_token -d "refresh_token=$token" -d \
	"client_id=$id" -d "client_secret=$secret" "$ORG_URL/services/oauth2/token")" 200

url other.my.salesforce.com >"$TMP/url"
org_forget
run 'another org' 2 "$auth" import sim "$TMP/url"
like 'is named' "$err" '*other.my.salesforce.com*'
calls 'and the token is sent nowhere' '*' 0
printf 'force://%s:%s:5Aep861wrong@%s\n' "$id" "$secret" "${ORG_URL#*://}" >"$TMP/url"
run 'a login that is over' 4 "$auth" import sim "$TMP/url"
echo "$ORG_URL" >"$TMP/url"
run 'no auth URL' 2 "$auth" import sim "$TMP/url"
run 'no file' 2 "$auth" import sim "$TMP/nosuch"
run 'nothing' 2 "$auth" import sim </dev/null
ok 'none of these gives a login' not test -e "$file"

# A Salesforce CLI that knows one org, by the alias uat.
mkdir "$TMP/bin"
cat >"$TMP/bin/sf" <<'EOF'
#!/bin/sh
printf '%s\n' "$*" >>"$SF_LOG"
case $* in
'org auth show-access-token --target-org uat --json') printf '{"status":0,"result":{"accessToken":"%s"},"warnings":[]}\n' "$SF_TOKEN" ;;
'org display --target-org uat --json') printf '{"status":0,"result":{"instanceUrl":"%s","username":"u"}}\n' "$SF_INSTANCE" ;;
*) echo '{"status":1,"name":"NoOrgFound","message":"No authorization information found for nosuch."}'; exit 1 ;;
esac
EOF
chmod +x "$TMP/bin/sf"
export PATH="$TMP/bin:$PATH" SF_LOG="$TMP/sf.log" SF_TOKEN='[REDACTED] Use sf org auth show-access-token to view' \
	SF_INSTANCE="$ORG_URL/"	# with the slash that sf adds
run 'a token that is none' 2 "$auth" import --from-cli uat sim
SF_TOKEN=$(curl -s -d grant_type=client_credentials -d "client_id=$id" -d "client_secret=$secret" \
	"$ORG_URL/services/oauth2/token" | jq -r .access_token)
run '--from-cli' 0 "$auth" import --from-cli uat sim
like 'it names the user and the lifetime' "$out" '*integration@example.com*ends with the session*'
is 'status says where it is from' "$("$auth" status --json sim | jq -c '[.logged_in, .how]')" '[true,"sf"]'
run 'the token' 0 "$auth" token sim
is 'is that of the CLI' "$out" "$SF_TOKEN"
org expire-tokens -X POST
run 'when it has ended' 4 "$auth" token sim
like 'it says what to do' "$err" '*import it again*'
run 'a dead one' 4 "$auth" import --from-cli uat sim
run 'an org that the CLI does not know' 2 "$auth" import --from-cli nosuch sim
like 'the words of the CLI are shown' "$err" \
	'*sf org auth show-access-token failed: No authorization information found for nosuch.'
SF_INSTANCE=https://evil.example
org_forget
run 'a host that is none of the org' 2 "$auth" import --from-cli uat sim
calls 'gets no token' '*' 0
run 'a name that is an option' 2 "$auth" import --from-cli --help sim
is 'is not given to the CLI' "$(grep -c -- --help "$SF_LOG")" 0
is 'no secret was said' "$(grep -c "$secret\|5Aep\|00D.*!" "$TMP/said")" 2	# twice the token that was asked for
