#!/bin/sh
# sffs-auth logs in without a person, shows, uses and ends the login; its exit status says how it went.
. "${0%/*}/lib.sh"; plan 81
org_start --synthetic 10 --plain
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
cp "$config" "$TMP/good"
edit() { sed "$@" "$TMP/good" >"$config"; }
file=$XDG_STATE_HOME/sffs/sim.json
secret=$(sed -n 's/^client_secret = //p' "$config")

userinfo() { curl -s -o "$TMP/who" -w '%{http_code}' -H "Authorization: Bearer $1" \
	"$ORG_URL/services/oauth2/userinfo"; }

run 'status without a login' 3 "$auth" status sim
like 'status without a login says how to log in' "$out" '*sffs-auth login sim*'
run 'status --json without a login' 3 "$auth" status --json sim
is 'status --json says that nobody is logged in' "$(printf %s "$out" | jq -c '[.org, .logged_in]')" '["sim",false]'

run 'login' 0 "$auth" login sim
like 'login names the user and the org' "$out" "sim: logged in as integration@example.com, *00D*$ORG_URL"
is 'only its owner can read the file of the login' "$(stat -c %a "$file" "$XDG_STATE_HOME/sffs" | paste -sd ' ')" \
	'600 700'
org_forget
run 'status' 0 "$auth" status sim
like 'status shows the instance, the scope, the flow and the age of the login' "$out" \
	"*logged in*instance*$ORG_URL*api*client_credentials*ago*"
run 'status --json' 0 "$auth" status --json sim
is 'status --json shows the same' "$(printf %s "$out" | jq -c \
	'[.org, .logged_in, .instance_url, .scope, .how, (.org_id | length), (.user_id | length)]')" \
	"[\"sim\",true,\"$ORG_URL\",\"api\",\"client_credentials\",18,18]"
calls 'status makes no request' '*' 0
run 'status --limits' 0 "$auth" status --limits sim
like 'status --limits names the user and the calls that are left' "$out" \
	'*integration@example.com*API*1 of 100000 calls*99999 left*'
calls 'status --limits makes one API call' 'GET /services/data/*' 1
run 'status --limits without an org' 2 "$auth" status --limits
like 'status --limits wants the name of an org' "$err" '*status: which org[?] Its name comes last, such as acme*'
run 'setup without an org' 2 "$auth" setup
like 'setup wants the name of an org' "$err" '*setup: which org[?] Its name comes last, such as acme*'

org_forget
run 'token' 0 "$auth" token sim
first=$out
is 'the token works' "$(userinfo "$first")" 200
calls 'no new token is requested while the old one works' 'POST */token' 0
org expire-tokens -X POST
run 'token, after the old one has expired' 0 "$auth" token sim
is 'the renewed token works' "$(userinfo "$out")" 200
calls 'one request renews the token' 'POST */token' 1

org fault -d kind=body -d status=403 -d type=text/plain -d body=No_Access --data-urlencode 'match=GET */userinfo' \
	>/dev/null
org_forget
run 'token, where the org does not say whose it is' 0 "$auth" token sim
calls 'a token is not renewed because userinfo is refused' 'POST */token' 0

run 'logout' 0 "$auth" logout sim
is 'logout ends the login in the org' "$(userinfo "$out")" 403
is 'after a logout the file of the login has no token' \
	"$(jq -c '[.access_token, .refresh_token, .client_secret, .ended]' "$file")" '[null,null,null,"logged out"]'
run 'status after a logout' 3 "$auth" status sim
like 'status after a logout says how to log in' "$out" '*logged out*not logged in: *sffs-auth login sim*'
run 'token after a logout, by a flow that needs nobody' 0 "$auth" token sim
run 'a second logout' 0 "$auth" logout sim
run 'logout without a login' 3 "$auth" logout sim

"$auth" login sim >"$TMP/out"
id=$("$auth" status --json sim | jq -r '.org_id + "-" + .user_id')
mkdir -p "$XDG_CACHE_HOME/sffs/$id/blobs" "$XDG_CACHE_HOME/sffs/$id-portable" "$XDG_CACHE_HOME/sffs/00Dother-005" \
	"$TMP/kept"
chmod 700 "$XDG_CACHE_HOME/sffs"
ln -s "$TMP/kept" "$XDG_CACHE_HOME/sffs/$id/link"
touch "$TMP/kept/file" "$XDG_CACHE_HOME/sffs/$id/blobs/x"
run 'logout --purge' 0 "$auth" logout --purge sim
is 'logout --purge deletes the cached data of this user and nothing else' "$(ls "$XDG_CACHE_HOME/sffs" "$TMP/kept")" \
	"$(printf '%s\n' "$XDG_CACHE_HOME/sffs:" 00Dother-005 '' "$TMP/kept:" file)"
ok 'logout --purge deletes the file of the login' not test -e "$file"
run 'logout --purge where nobody was ever logged in' 3 "$auth" logout --purge sim
"$auth" login sim >"$TMP/out"
"$auth" logout sim >"$TMP/out"
mkdir "$XDG_CACHE_HOME/sffs/$id"
run 'logout --purge after the logout' 0 "$auth" logout --purge sim
like 'it says what it has removed' "$out" "sim: $XDG_CACHE_HOME/sffs/$id removed"
ok 'it has removed that' not test -e "$XDG_CACHE_HOME/sffs/$id"

edit \
	"s,^client_secret.*,client_secret_cmd = umask >$TMP/umask; grep core /proc/self/limits >$TMP/core; \
echo \" \$SIM_SECRET \","
export SIM_SECRET="$secret"
run 'login with a secret that a command prints' 0 "$auth" login sim
like 'the command that prints the secret can dump no core' "$(cat "$TMP/core")" 'Max core file size  *0  *0  *bytes*'
is 'the command that prints the secret makes private files' "$(cat "$TMP/umask")" 0077
edit 's/^client_secret.*/client_secret_cmd = echo half; exit 1/'
run 'login with a secret command that fails' 2 "$auth" login sim
like 'the message names the secret command that failed' "$err" '*client_secret_cmd*'

edit 's/^client_secret.*/client_secret = wrong/'
run 'login with a wrong secret' 4 "$auth" login sim
like 'the message about a wrong secret says what to do' "$err" '*client_secret*Consumer Secret*'
edit '/^client_id/d; s/^flow.*/flow = web/'
run 'login without client_id' 2 "$auth" login sim
like 'the message about a missing client_id leads to setup' "$err" '*lacks client_id*sffs-auth setup sim*'
cp "$TMP/good" "$config"
org fault -d kind=oauth-error -d code=invalid_client_id --data-urlencode 'message=client identifier invalid' \
	--data-urlencode 'match=POST */token' >/dev/null
org_forget
run 'login --wait to an app that the org does not know yet' 0 "$auth" login --wait sim
calls 'login --wait tries again' 'POST */token' 2
# The section lacks the keys of the login; that login is ended all the same.
"$auth" login sim >"$TMP/out"
edit '/^client_id/d; /^client_secret/d'
run 'logout with a section that lacks the keys of the login' 0 "$auth" logout sim
is 'a logout with an incomplete section removes the token' "$(jq .access_token "$file")" null
cp "$TMP/good" "$config"

# All logins.
run 'list' 0 "$auth" list
like 'list shows each login, and that it has ended' "$out" 'sim *ended *client_credentials *since 20??-??-?? *'
"$auth" --config "$TMP/good" login sim >"$TMP/out"
sed "s,^.sim.*,[it@uat]," "$TMP/good" >"$TMP/two"; chmod 600 "$TMP/two"
"$auth" --config "$TMP/two" login it@uat >"$TMP/out"
run 'list --json' 0 "$auth" list --json
is 'list --json shows each login' "$(printf %s "$out" | jq -c '[.[] | [.org, .logged_in, .login_url, .how]]')" \
	"[[\"it@uat\",true,\"$ORG_URL\",\"client_credentials\"],[\"sim\",true,\"$ORG_URL\",\"client_credentials\"]]"
run 'status without an org' 0 "$auth" status --json
is 'status without an org is list' "$(printf %s "$out" | jq length)" 2
run 'list without a login' 0 env XDG_STATE_HOME="$TMP/none" "$auth" list
like 'list without a login says how to make one' "$out" 'no logins yet*sffs-auth setup ORG'
is 'list --json without a login' "$(XDG_STATE_HOME=$TMP/none "$auth" list --json)" '[]'

# Help.
run 'help of a command' 0 "$auth" login --help
like 'help of a command has its options alone, and an example' "$(echo $out)" \
	'usage: sffs-auth [[]--config FILE] login*--timeout*sffs-auth login acme*'
is 'help of a command has no option of another' "$(printf %s "$out" | grep -c -e --purge)" 0
is 'help COMMAND is the same' "$("$auth" help login)" "$out"
is 'each command has help with an example of it' "$(for c in setup login status list token logout import; do
	"$auth" help $c | sed 1,2d | grep -q "^ .*sffs-auth.* *$c" || echo $c; done)" ''
run 'login --setup' 2 "$auth" login --setup sim
like 'login --setup is told of setup' "$err" '*sffs-auth setup ORG*'

run 'login to an unknown org' 2 "$auth" login nosuch
run 'an unknown command' 2 "$auth" enter sim
run 'login with a timeout that is no time' 2 "$auth" login --timeout 10x sim
run 'an option of another command' 2 "$auth" token --purge sim
run 'login with --config' 0 "$auth" --config "$TMP/good" login sim

"$auth" login sim >"$TMP/out"
kill "$ORG_PID"; wait "$ORG_PID" 2>/dev/null; ORG_PID=
run 'login while the org is out of reach' 5 "$auth" login sim
like 'the message about an org out of reach names the host' "$err" '*127.0.0.1*'
run 'token while the org is out of reach' 5 "$auth" token sim
ok 'the login is kept while the org is out of reach' test -s "$file"
is 'no command printed a secret' "$(grep -c "$secret\|5Aep" "$TMP/said")" 0
