#!/bin/sh
# A refresh token is used when needed, once for all processes, survives rotation, and is given up only if the org
# rejects it.
. "${0%/*}/lib.sh"; plan 47
org_start --synthetic 10 --plain
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
file=$XDG_STATE_HOME/sffs/sim.json
sed -i 's/^flow.*/flow = web/' "$config"
id=$(sed -n 's/^client_id = //p' "$config") secret=$(sed -n 's/^client_secret = //p' "$config")

run() {
	what=$1 want=$2; shift 2
	timeout -s KILL 120 "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	is "$what: exit status" "$?" "$want"
	out=$(cat "$TMP/out") err=$(cat "$TMP/err")
}
works() { [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" \
	"$ORG_URL/services/oauth2/userinfo")" = 200 ]; }
login() { printf 'force://%s:%s:%s@%s' "$id" "$secret" "$(org approve -X POST)" "${ORG_URL#*://}" | "$auth" import sim \
	>"$TMP/out" 2>&1; }
expire() { org expire-tokens -X POST >/dev/null; org_forget; }
fault() { org fault "$@" --data-urlencode 'match=POST */token' >/dev/null; }
refresh_token() { jq -r .refresh_token "$file"; }

run 'nobody is logged in' 3 "$auth" token sim
like 'which is said' "$err" '*log in*sffs-auth login sim*'
run 'and nobody is waited for' 3 "$auth" login --timeout 1 sim
ok 'a login' login
before=$(refresh_token)
expire
run 'a token that has expired' 0 "$auth" token sim
ok 'is renewed' works "$out"
calls 'by one request' 'POST */token' 1
is 'with the same refresh token' "$(refresh_token)" "$before"

org set -d rotate=1 >/dev/null
expire
run 'rotation: renewed' 0 "$auth" token sim
ok 'the refresh token is another one' [ "$(refresh_token)" != "$before" ]
before=$(refresh_token)
expire
run 'and it was kept' 0 "$auth" token sim
ok 'and it works again' works "$out"

# Eight processes at once, with a refresh that takes a while.
org set -d refresh-time=300 >/dev/null
expire
for i in 1 2 3 4 5 6 7 8; do "$auth" token sim >"$TMP/token.$i" 2>&1 & pids="${pids-} $!"; done
for pid in $pids; do wait "$pid"; done
is 'eight processes get one token' "$(sort -u "$TMP"/token.* | wc -l)" 1
ok 'that works' works "$(cat "$TMP/token.1")"
calls 'by one request' 'POST */token' 1

# A program that ignores the lock renews the same login. Without rotation, or one of the two would lose.
org set -d rotate=0 -d refresh-time=1500 >/dev/null
expire
curl -s -o /dev/null -d grant_type=refresh_token -d "refresh_token=$(refresh_token)" -d "client_id=$id" -d \
	"client_secret=$secret" "$ORG_URL/services/oauth2/token" & other=$!
org_wait 'POST */token'
run 'a request under way elsewhere is waited for' 0 "$auth" token sim
ok 'and then it works' works "$out"
like 'after another try' "$(org_count 'POST */token')" '[3-9]'
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
run 'after a process was killed' 0 "$auth" token sim
ok 'it works' works "$out"
is 'and nothing is left of it' "$(ls "$XDG_STATE_HOME/sffs" | paste -sd ' ')" 'sim.json sim.lock'

# The org moves to another instance.
org set -d moved=1 >/dev/null
expire
run 'an org that has moved' 0 "$auth" token sim
like 'is asked where it is' "$("$auth" status --json sim | jq -r .instance_url)" 'http://localhost:*'
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
run 'an outage that passes' 0 "$auth" token sim
expire
fault -d kind=oauth-error -d name=ip
run 'not from this address' 4 "$auth" token sim
like 'it says who can change that' "$err" '*admin*Login IP Ranges*'
run 'from another one' 0 "$auth" token sim

# An answer that is lost in transit takes a rotated token with it.
org set -d rotate=1 >/dev/null
expire
fault -d kind=drop-after -d bytes=10 -d times=1
run 'the new refresh token was lost on its way' 4 "$auth" token sim
like 'it says what to do' "$err" '*expired access/refresh token*sffs-auth login sim*'
org_forget
run 'the login is over' 3 "$auth" token sim
calls 'and the org is not asked again' '*' 0
run 'status says why' 3 "$auth" status sim
like 'in the org'\''s words' "$out" '*the login has ended*expired access/refresh token*'
ok 'another login' login
run 'is a login' 0 "$auth" token sim
