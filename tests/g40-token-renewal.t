#!/bin/sh
# A refresh token is used when needed, once for all processes, survives rotation, and is given up only if the org
# rejects it.
. "${0%/*}/lib.sh"; plan 47
org_start --synthetic 10 --plain
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
file=$XDG_STATE_HOME/sffs/sim.json
sed -i 's/^flow.*/flow = web/' "$config"
echo "redirect_uri = http://localhost:$(free_port)/OauthRedirect" >>"$config"
id=$(sed -n 's/^client_id = //p' "$config") secret=$(sed -n 's/^client_secret = //p' "$config")

works() { [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" \
	"$ORG_URL/services/oauth2/userinfo")" = 200 ]; }
login() { printf 'force://%s:%s:%s@%s' "$id" "$secret" "$(org approve -X POST)" "${ORG_URL#*://}" | "$auth" import sim \
	>"$TMP/out" 2>&1; }
expire() { org expire-tokens -X POST >/dev/null; org_forget; }
fault() { org fault "$@" --data-urlencode 'match=POST */token' >/dev/null; }
refresh_token() { jq -r .refresh_token "$file"; }

run 'token without a login' 3 "$auth" token sim
like 'the message says how to log in' "$err" '*log in*sffs-auth login sim*'
run 'login of which nobody comes back' 3 "$auth" login --timeout 1 sim
ok 'import gives a login' login
before=$(refresh_token)
expire
run 'token, after the old one has expired' 0 "$auth" token sim
ok 'the renewed token works' works "$out"
calls 'one request renews the token' 'POST */token' 1
is 'without rotation the refresh token stays' "$(refresh_token)" "$before"

org set -d rotate=1 >/dev/null
expire
run 'token, with rotation' 0 "$auth" token sim
ok 'with rotation the refresh token is a new one' [ "$(refresh_token)" != "$before" ]
before=$(refresh_token)
expire
run 'token, with the new refresh token' 0 "$auth" token sim
ok 'the token of the new refresh token works' works "$out"

# Eight processes at once, with a refresh that takes a while.
org set -d refresh-time=300 >/dev/null
expire
for i in 1 2 3 4 5 6 7 8; do "$auth" token sim >"$TMP/token.$i" 2>&1 & pids="${pids-} $!"; done
for pid in $pids; do wait "$pid"; done
is 'eight processes get the same token' "$(sort -u "$TMP"/token.* | wc -l)" 1
ok 'the token of eight processes works' works "$(cat "$TMP/token.1")"
calls 'eight processes make one request' 'POST */token' 1

# A program that ignores the lock renews the same login. Without rotation, or one of the two would lose.
org set -d rotate=0 -d refresh-time=1500 >/dev/null
expire
curl -s -o /dev/null -d grant_type=refresh_token -d "refresh_token=$(refresh_token)" -d "client_id=$id" -d \
	"client_secret=$secret" "$ORG_URL/services/oauth2/token" & other=$!
org_wait 'POST */token'
run 'token, while another program renews the login' 0 "$auth" token sim
ok 'the token works after the other renewal' works "$out"
like 'sffs-auth tries again while the org says that a request is being processed' "$(org_count 'POST */token')" '[3-9]'
wait "$other"
org set -d refresh-time=0 >/dev/null

# A process that is killed during its request leaves no lock and no damaged file.
org set -d refresh-time=0 >/dev/null
expire
fault -d kind=hold
"$auth" token sim >"$TMP/out" & killed=$!
org_wait 'POST */token'
kill -9 "$killed"; wait "$killed" 2>/dev/null
org release -X POST >/dev/null
run 'token, after another process was killed in its request' 0 "$auth" token sim
ok 'the token works after the kill' works "$out"
is 'a killed process leaves no file' "$(ls "$XDG_STATE_HOME/sffs" | paste -sd ' ')" 'sim.json sim.lock'

# The org moves to another instance.
org set -d moved=1 >/dev/null
expire
run 'token of an org that has moved' 0 "$auth" token sim
like 'the login has the new instance of an org that has moved' "$("$auth" status --json sim | jq -r .instance_url)" \
	'http://localhost:*'
org set -d moved=0 >/dev/null

# Only the org's own answer ends a login.
for kind in 'kind=html -d status=503' kind=drop kind=empty kind=garbage 'kind=html -d status=404' \
	'kind=body -d status=302 --data-urlencode header=Location:%20https://evil.example/'; do
	fault -d times=forever -d $kind
	expire
	before=$(md5sum <"$file")
	run "$kind" 5 "$auth" token sim
	is "$kind: the login is kept" "$(md5sum <"$file")" "$before"
	org fault/clear -X POST >/dev/null
done
fault -d kind=html -d status=503 -d times=2
run 'token during an outage that ends' 0 "$auth" token sim
expire
fault -d kind=oauth-error -d name=ip
run 'token from an address that the org refuses' 4 "$auth" token sim
like 'the message says that an admin can change the Login IP Ranges' "$err" '*admin*Login IP Ranges*'
run 'token from an address that the org accepts' 0 "$auth" token sim

# An answer that is lost in transit takes a rotated token with it.
org set -d rotate=1 >/dev/null
expire
fault -d kind=drop-after -d bytes=10 -d times=1
run 'token, after a rotated refresh token was lost in transit' 4 "$auth" token sim
like 'the message about a lost refresh token says how to log in' "$err" \
	'*expired access/refresh token*sffs-auth login sim*'
org_forget
run 'token, after the login has ended' 3 "$auth" token sim
calls 'no request is made after the login has ended' '*' 0
run 'status, after the login has ended' 3 "$auth" status sim
like 'status shows why Salesforce ended the login' "$out" '*the login has ended*expired access/refresh token*'
ok 'a new import gives a login' login
run 'token, after the new login' 0 "$auth" token sim
