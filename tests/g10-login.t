#!/bin/sh
# sffs-auth logs in without a person, shows, uses and ends the login; its exit status says how it went.
. "${0%/*}/lib.sh"; plan 74
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
ok 'logout deletes the file of the login' not test -e "$file"
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
like 'the message about a missing client_id leads to --setup' "$err" '*lacks client_id*setup sim*'
cp "$TMP/good" "$config"
org fault -d kind=oauth-error -d code=invalid_client_id --data-urlencode 'message=client identifier invalid' \
	--data-urlencode 'match=POST */token' >/dev/null
org_forget
run 'login --wait to an app that the org does not know yet' 0 "$auth" login --wait sim
calls 'login --wait tries again' 'POST */token' 2
run 'login --setup' 0 "$auth" login --setup sim
like 'login --setup says how to make the app' "$out" '*External Client App*Run As*'
# A first start: every message about the config leads to --setup.
# typed DESCRIPTION STATUS COMMAND...: like run, on a terminal, with the lines of answers.
typed() { what=$1 want=$2; shift 2; run "$what" "$want" sh -c 'python3 "$@" <"$0"' "$TMP/answers" \
	"$TOP/tests/typed.py" "$@"; }
HOME=$TMP/first; export HOME; unset XDG_CONFIG_HOME
first=$HOME/.config/sffs/config
run 'login without a config file' 2 "$auth" login acme
like 'the message about a missing config file leads to --setup' "$err" \
	'*there is no config file *sffs-auth setup acme'
run 'login --setup without a terminal' 0 "$auth" login --setup acme
like 'login --setup without a terminal prints a section' "$out" "*$first*[[]acme]*login_url = https://*client_id =*"
cat >"$TMP/answers" <<END
login_url=https://acme.lightning.force.com
login_url=$(sed -n 's/^login_url = //p' "$TMP/good")
flow=client_credentials
client_id=$(sed -n 's/^client_id = //p' "$TMP/good")
client_secret=$secret
END
typed 'login --setup on a terminal' 0 "$auth" login --setup acme
like 'login --setup asks again after a bad answer' "$out" \
	'*login_url = https://acme.light*this host serves pages only*login_url = http*'
like 'login --setup on a terminal says how to make the app' "$out" '*External Client App*Run As*'
like 'login --setup shows no secret' "$(echo "$out" | grep -c "$secret")" 0
is 'login --setup writes a config that only its user can read' "$(stat -c %a "${first%/*}" "$first" | tr '\n' ' ')" \
	'700 600 '
run 'login with the section that --setup has written' 0 "$auth" login acme
run 'login to an org that is not in the config' 2 "$auth" login other
like 'the message about an unknown org leads to --setup' "$err" '*there are: acme; *sffs-auth setup other'
printf '%s\n' login_url=https://other.my.salesforce.com flow=jwt client_id=x username=it@example.org private_key= \
	>"$TMP/answers"
typed 'login --setup of a second org' 0 "$auth" login --setup other
is 'login --setup writes the keys of the chosen flow' "$(sed '1,/^$/d' "$first" | tr '\n' ' ')" \
	"[other] login_url = https://other.my.salesforce.com flow = jwt client_id = x \
username = it@example.org private_key = ${first%/*}/other.pem "
sed -i '/^private_key/d' "$first"
run 'login with a section that lacks a key' 2 "$auth" login other
like 'the message about a missing key leads to --setup' "$err" '*lacks private_key*sffs-auth setup other*'
run 'login --setup of a section that lacks a key' 0 "$auth" login --setup other
like 'login --setup says which key is missing and how to make it' "$out" \
	'*-keyout */other.pem*other] still lacks private_key*'
# The section lacks the keys of the login; that login is ended all the same.
sed -i '/^client_id/d; /^client_secret/d' "$first"
run 'logout with a section that lacks the keys of the login' 0 "$auth" logout acme
ok 'a logout with an incomplete section deletes the file of the login' test ! -e "$XDG_STATE_HOME/sffs/acme.json"
chmod 644 "$first"
printf '%s\n' login_url=https://other.my.salesforce.com flow=web client_id=x >"$TMP/answers"
typed 'login --setup, where others can read the config' 2 "$auth" login --setup third
like 'login --setup asks for chmod 600 before it takes a secret' "$out" '*chmod 600*'
is 'login --setup writes nothing into a config that others can read' "$(grep -c third "$first")" 0
XDG_CONFIG_HOME=$TMP/config; export XDG_CONFIG_HOME
run 'login to an unknown org' 2 "$auth" login nosuch
run 'an unknown command' 2 "$auth" enter sim
run 'an option of another command' 2 "$auth" token --purge sim
run 'login with --config' 0 "$auth" --config "$TMP/good" login sim

"$auth" login sim >"$TMP/out"
kill "$ORG_PID"; wait "$ORG_PID" 2>/dev/null; ORG_PID=
run 'login while the org is out of reach' 5 "$auth" login sim
like 'the message about an org out of reach names the host' "$err" '*127.0.0.1*'
run 'token while the org is out of reach' 5 "$auth" token sim
ok 'the login is kept while the org is out of reach' test -s "$file"
is 'no command printed a secret' "$(grep -c "$secret\|5Aep" "$TMP/said")" 0
