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

# run DESCRIPTION STATUS COMMAND...: output in $out, errors in $err.
run() {
	what=$1 want=$2; shift 2
	timeout -s KILL 120 "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	is "$what: exit status" "$?" "$want"
	out=$(cat "$TMP/out") err=$(cat "$TMP/err")
	cat "$TMP/out" "$TMP/err" >>"$TMP/said"
}
userinfo() { curl -s -o "$TMP/who" -w '%{http_code}' -H "Authorization: Bearer $1" \
	"$ORG_URL/services/oauth2/userinfo"; }

run 'status of nobody' 3 "$auth" status sim
like 'says what to do' "$out" '*sffs-auth login sim*'
run 'as JSON' 3 "$auth" status --json sim
is 'too' "$(printf %s "$out" | jq -c '[.org, .logged_in]')" '["sim",false]'

run 'login' 0 "$auth" login sim
like 'names the user and the org' "$out" "sim: logged in as integration@example.com, *00D*$ORG_URL"
is 'the login is its owner'\''s alone' "$(stat -c %a "$file" "$XDG_STATE_HOME/sffs" | paste -sd ' ')" '600 700'
org_forget
run 'status' 0 "$auth" status sim
like 'says where' "$out" "*logged in*instance*$ORG_URL*api*client_credentials*ago*"
run 'status as JSON' 0 "$auth" status --json sim
is 'is the same' "$(printf %s "$out" | jq -c \
	'[.org, .logged_in, .instance_url, .scope, .how, (.org_id | length), (.user_id | length)]')" \
	"[\"sim\",true,\"$ORG_URL\",\"api\",\"client_credentials\",18,18]"
calls 'and costs nothing' '*' 0
run 'status --limits' 0 "$auth" status --limits sim
like 'names the user, and the time left' "$out" '*integration@example.com*API*1 of 100000 calls*99999 left*'
calls 'and costs one API call' 'GET /services/data/*' 1

org_forget
run 'token' 0 "$auth" token sim
first=$out
is 'is one that works' "$(userinfo "$first")" 200
calls 'and no new one was requested' 'POST */token' 0
org expire-tokens -X POST
run 'token, after it has expired' 0 "$auth" token sim
is 'is another one that works' "$(userinfo "$out")" 200
calls 'asked for once' 'POST */token' 1

org fault -d kind=body -d status=403 -d type=text/plain -d body=No_Access --data-urlencode 'match=GET */userinfo' \
	>/dev/null
org_forget
run 'an org that does not tell whose token it is' 0 "$auth" token sim
calls 'is believed that it is one' 'POST */token' 0

run 'logout' 0 "$auth" logout sim
is 'ends it in the org' "$(userinfo "$out")" 403
ok 'and here' not test -e "$file"
run 'logout of nobody' 3 "$auth" logout sim

"$auth" login sim >"$TMP/out"
id=$("$auth" status --json sim | jq -r '.org_id + "-" + .user_id')
mkdir -p "$XDG_CACHE_HOME/sffs/$id/blobs" "$XDG_CACHE_HOME/sffs/$id-portable" "$XDG_CACHE_HOME/sffs/00Dother-005" \
	"$TMP/kept"
chmod 700 "$XDG_CACHE_HOME/sffs"
ln -s "$TMP/kept" "$XDG_CACHE_HOME/sffs/$id/link"
touch "$TMP/kept/file" "$XDG_CACHE_HOME/sffs/$id/blobs/x"
run 'logout --purge' 0 "$auth" logout --purge sim
is 'removes the cached data of this user, and nothing else' "$(ls "$XDG_CACHE_HOME/sffs" "$TMP/kept")" \
	"$(printf '%s\n' "$XDG_CACHE_HOME/sffs:" 00Dother-005 '' "$TMP/kept:" file)"

edit "s,^client_secret.*,client_secret_cmd = umask >$TMP/umask; grep core /proc/self/limits >$TMP/core; echo \" \$SIM_SECRET \","
export SIM_SECRET="$secret"
run 'a secret that a command prints' 0 "$auth" login sim
like 'no core is dumped' "$(cat "$TMP/core")" 'Max core file size  *0  *0  *bytes*'
is 'files are private' "$(cat "$TMP/umask")" 0077
edit 's/^client_secret.*/client_secret_cmd = echo half; exit 1/'
run 'a command that fails' 2 "$auth" login sim
like 'is named' "$err" '*client_secret_cmd*'

edit 's/^client_secret.*/client_secret = wrong/'
run 'a wrong secret' 4 "$auth" login sim
like 'says what to do' "$err" '*client_secret*Consumer Secret*'
edit '/^client_id/d; s/^flow.*/flow = web/'
run 'no app to log in to' 2 "$auth" login sim
like 'says what is missing' "$err" '*lacks client_id*--setup*'
cp "$TMP/good" "$config"
org fault -d kind=oauth-error -d code=invalid_client_id --data-urlencode 'message=client identifier invalid' \
	--data-urlencode 'match=POST */token' >/dev/null
org_forget
run 'an app that is not known yet' 0 "$auth" login --wait sim
calls 'is tried again' 'POST */token' 2
run '--setup' 0 "$auth" login --setup sim
like 'says how to make the app' "$out" '*External Client App*Run As*'
# A first start: every message about the config leads to --setup.
# typed DESCRIPTION STATUS COMMAND...: like run, on a terminal, with the lines of answers.
typed() { what=$1 want=$2; shift 2; run "$what" "$want" sh -c 'python3 "$@" <"$0"' "$TMP/answers" \
	"$TOP/tests/typed.py" "$@"; }
HOME=$TMP/first; export HOME; unset XDG_CONFIG_HOME
first=$HOME/.config/sffs/config
run 'no config file' 2 "$auth" login acme
like 'leads to --setup' "$err" '*there is no config file *sffs-auth login --setup acme'
run 'which without a terminal' 0 "$auth" login --setup acme
like 'prints a section' "$out" "*$first*[[]acme]*login_url = https://*client_id =*"
cat >"$TMP/answers" <<END
login_url=https://acme.lightning.force.com
login_url=$(sed -n 's/^login_url = //p' "$TMP/good")
flow=client_credentials
client_id=$(sed -n 's/^client_id = //p' "$TMP/good")
client_secret=$secret
END
typed 'and on one' 0 "$auth" login --setup acme
like 'asks again after a bad answer' "$out" \
	'*login_url = https://acme.light*this host serves pages only*login_url = http*'
like 'says how to make the app' "$out" '*External Client App*Run As*'
like 'shows no secret' "$(echo "$out" | grep -c "$secret")" 0
is 'writes a section that only its user can read' "$(stat -c %a "${first%/*}" "$first" | tr '\n' ' ')" '700 600 '
run 'with which one logs in' 0 "$auth" login acme
run 'another org' 2 "$auth" login other
like 'leads there, too' "$err" '*there are: acme; *sffs-auth login --setup other'
printf '%s\n' login_url=https://other.my.salesforce.com flow=jwt client_id=x username=it@example.org private_key= \
	>"$TMP/answers"
typed 'and is written below' 0 "$auth" login --setup other
is 'with the keys of its flow' "$(sed '1,/^$/d' "$first" | tr '\n' ' ')" \
	"[other] login_url = https://other.my.salesforce.com flow = jwt client_id = x username = it@example.org private_key = ${first%/*}/other.pem "
sed -i '/^private_key/d' "$first"
run 'a section that lacks something' 2 "$auth" login other
like 'leads there' "$err" '*lacks private_key*sffs-auth login --setup other*'
run 'which says' 0 "$auth" login --setup other
like 'what' "$out" '*-keyout */other.pem*other] still lacks private_key*'
# The section lacks the keys of the login; that login is ended all the same.
sed -i '/^client_id/d; /^client_secret/d' "$first"
run 'logging out does with less' 0 "$auth" logout acme
ok 'and removes the login' test ! -e "$XDG_STATE_HOME/sffs/acme.json"
chmod 644 "$first"
printf '%s\n' login_url=https://other.my.salesforce.com flow=web client_id=x >"$TMP/answers"
typed 'a file that others can read' 2 "$auth" login --setup third
like 'gets no secret' "$out" '*chmod 600*'
is 'and nothing is written' "$(grep -c third "$first")" 0
XDG_CONFIG_HOME=$TMP/config; export XDG_CONFIG_HOME
run 'no such org' 2 "$auth" login nosuch
run 'no such command' 2 "$auth" enter sim
run 'no such option here' 2 "$auth" token --purge sim
run 'a flow that needs nobody, with --config' 0 "$auth" --config "$TMP/good" login sim

"$auth" login sim >"$TMP/out"
kill "$ORG_PID"; wait "$ORG_PID" 2>/dev/null; ORG_PID=
run 'an org out of reach' 5 "$auth" login sim
like 'is named' "$err" '*127.0.0.1*'
run 'a token of it' 5 "$auth" token sim
ok 'the login is kept' test -s "$file"
is 'no secret was said' "$(grep -c "$secret\|5Aep" "$TMP/said")" 0
