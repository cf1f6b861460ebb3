#!/bin/sh
# sffs-auth that is killed while it rotates a token loses no login, except before the new token reaches the disk. The
# kills are at system calls, from the first that asks for the lock; ROUNDS=all tries each.
. "${0%/*}/lib.sh"; plan 7
org_start --synthetic 10 --plain --rotate 1
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
file=$XDG_STATE_HOME/sffs/sim.json
sed -i 's/^flow.*/flow = web/' "$config"
id=$(sed -n 's/^client_id = //p' "$config") secret=$(sed -n 's/^client_secret = //p' "$config")
SEED=${SEED:-$(date +%s)}
calls=openat,read,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,flock,fcntl,connect
calls=$calls,sendto,recvfrom,poll,close

login() { printf 'force://%s:%s:%s@%s' "$id" "$secret" "$(org approve -X POST)" "${ORG_URL#*://}" | "$auth" import sim \
	>"$TMP/out" 2>&1; }
works() { [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" \
	"$ORG_URL/services/oauth2/userinfo")" = 200 ]; }
traced() { ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -qq -e "trace=$calls" "$@" "$auth" token sim; }

login
org expire-tokens -X POST >/dev/null
traced -o "$TMP/trace" >"$TMP/out"
ok 'sffs-auth that is not killed prints a token that works' works "$(cat "$TMP/out")"
is 'sffs-auth that is not killed stores the token' "$(grep -c 'rename.*sim\.json' "$TMP/trace")" 1
# A line each: the name of a system call, and its number among those of that name.
python3 - "$SEED" "${ROUNDS:-16}" "$TMP/trace" >"$TMP/points" <<'END'
import collections, random, re, sys
seed, rounds, trace = sys.argv[1:]
count, points, begun = collections.Counter(), [], False
for line in open(trace):
    call = re.match(r'(?:\d+ +)?(\w+)\(', line)
    if not call: continue
    count[call[1]] += 1
    begun = begun or 'sim.lock' in line
    if begun: points.append((call[1], count[call[1]]))
random.seed(seed)
for name, n in points if rounds == 'all' else random.sample(points, min(int(rounds), len(points))): print(name, n)
END
is 'the trace has ten system calls or more to kill at' "$(($(wc -l <"$TMP/points") > 9))" 1

lost= torn= left= window=0 rounds=0 killed=0
while read -r name n <&3; do
	point=$name:$n
	rounds=$((rounds + 1))
	org expire-tokens -X POST >/dev/null
	org_forget
	before=$(jq -r .refresh_token "$file")
	traced -o /dev/null -e "inject=$name:signal=KILL:when=$n" >"$TMP/killed" 2>&1 || killed=$((killed + 1))
	after=$(jq -r .refresh_token "$file") || torn="$torn $point"
	asked=$(org_count 'POST */token')
	"$auth" token sim >"$TMP/out" 2>"$TMP/err"
	rc=$?
	if [ $rc = 4 ] && [ "$asked" != 0 ] && [ "$after" = "$before" ]; then
		window=$((window + 1))
		login
	elif [ $rc != 0 ] || ! works "$(cat "$TMP/out")"; then
		lost="$lost $point"
		login
	fi
	[ "$(ls "$XDG_STATE_HOME/sffs" | paste -sd ' ')" = 'sim.json sim.lock' ] || left="$left $point"
done 3<"$TMP/points"
note "SEED=$SEED: $killed of $rounds points came, $window of them in the window"
ok 'more than half of the kills hit a running sffs-auth' [ $((killed * 2)) -gt "$rounds" ]
is 'no kill outside of the window loses the login' "$lost" ''
is 'no kill leaves half a file' "$torn" ''
is 'no kill leaves a temporary file' "$left" ''
