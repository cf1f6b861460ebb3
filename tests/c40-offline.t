#!/bin/sh
# Without the org, listings and cached files work and offline=fail refuses to mount; later everything works again.
. "${0%/*}/lib.sh"; plan 22
data=$TMP/data
mkdir "$data"
printf 'hello\n' >"$data/hello.txt"
printf 'later\n' >"$data/later.txt"
printf 'a,b\n1,2\n' >"$data/Table.csv"
port=$(free_port)
org_start --data "$data" --port "$port"
fs_mount
cat "$MNT/documents/hello/hello.txt" "$MNT/parsed/Table/rows.tsv" >/dev/null
last=$(jq -r .refresh.last "$MNT/.sffs/status.json")
fs_unmount

kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
"$BUILD/sffs" -o refresh=1 sim "$MNT" 2>"$TMP/err"
is 'without the org the last state is mounted' "$?" 0
like 'the message has the time of the last answer' "$(cat "$TMP/err")" \
	"*the org is out of reach; showing the list of $(echo "$last" | sed 's/T\(..:..\).*/ \1 UTC/')"
is 'status.json has the time of the last answer' "$(jq -r .refresh.last "$MNT/.sffs/status.json")" "$last"
is 'sffs status has the time of the last answer' \
	"$("$BUILD/sffs" status | awk -v where="$MNT" '$NF == where { print $4 }')" "$last"
is 'without the org all names are there' "$(ls "$MNT/documents" | paste -sd ' ')" 'Table hello later'
is 'cached files can be read' "$(cat "$MNT/documents/hello/hello.txt")" hello
is 'cached views can be read' "$(cat "$MNT/parsed/Table/rows.tsv")" '1	2'
cat "$MNT/documents/later/later.txt" >"$TMP/out" 2>"$TMP/err"
is 'a file that is not cached cannot be read' "$?" 1
like 'the error of a file that is not cached is ETIMEDOUT' "$(cat "$TMP/err")" '*timed out*'
ok 'without the org stat and df work' sh -c "stat '$MNT/documents/later/later.txt' && df '$MNT'"
like 'status.json says that the refresh timed out' "$(jq -r .refresh.result "$MNT/.sffs/status.json")" \
	'Connection timed out'
mkfifo "$TMP/org2.out"
"$BUILD/sffs-org" --data "$data" --port "$port" >"$TMP/org2.out" 2>"$TMP/org.log" & ORG_PID=$!
sed -n '/client_secret/q' <"$TMP/org2.out"
ok 'when the org is back a refresh works' fs_sync
is 'when the org is back the missing files can be read' "$(cat "$MNT/documents/later/later.txt")" later

# A proxy's page is not a refusal of the org's.
for status in 401 403 404; do
	org fault -d kind=html -d status=$status --data-urlencode 'match=GET *' -d times=forever >/dev/null
	is "a page with status $status instead of an answer fails a refresh, and all is served" \
		"$(fs_sync || echo failed) $(ls "$MNT/documents" | wc -l) $(cat "$MNT/documents/hello/hello.txt")" \
		'failed 3 hello'
	org fault/clear -X POST >/dev/null
done
fs_unmount

kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
"$BUILD/sffs" -o offline=fail sim "$MNT" 2>"$TMP/err"
is 'offline=fail: mounting exits 5' "$?" 5
is 'offline=fail: the message is one line' "$(wc -l <"$TMP/err")" 1
ok 'offline=fail: nothing is mounted' not mountpoint -q "$MNT"
rm -rf "$XDG_CACHE_HOME/sffs"
"$BUILD/sffs" sim "$MNT" 2>"$TMP/err"
is 'without the org and without a last state mounting exits 5' "$?" 5

# A login that the org refuses serves nothing.
rm -f "$TMP/org2.out"; mkfifo "$TMP/org2.out"
"$BUILD/sffs-org" --data "$data" --port "$port" >"$TMP/org2.out" 2>"$TMP/org.log" & ORG_PID=$!
sed -n '/client_secret/q' <"$TMP/org2.out"
fs_mount -o refresh=1
fs_unmount
sed -i 's/^client_secret.*/client_secret = wrong/' "$XDG_CONFIG_HOME/sffs/config"
rm -rf "$XDG_STATE_HOME/sffs"
"$BUILD/sffs" sim "$MNT" 2>"$TMP/err"
is 'a refused login is not offline' "$?" 4
ok 'after a refused login nothing is mounted' not mountpoint -q "$MNT"
