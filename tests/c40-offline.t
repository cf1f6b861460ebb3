#!/bin/sh
# Without the org, listings and cached files work and offline=fail refuses to mount; later everything works again.
. "${0%/*}/lib.sh"; plan 20
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
like 'and said so' "$(cat "$TMP/err")" '*out of reach*serving what was known*'
like 'with the time of the last answer' "$(cat "$TMP/err")" "*the last one, $last"
is 'which the status has' "$(jq -r .refresh.last "$MNT/.sffs/status.json")" "$last"
is 'and the list' "$("$BUILD/sffs" status | awk -v where="$MNT" '$NF == where { print $4 }')" "$last"
is 'all names are there' "$(ls "$MNT/documents" | paste -sd ' ')" 'Table hello later'
is 'cached files can be read' "$(cat "$MNT/documents/hello/hello.txt")" hello
is 'views too' "$(cat "$MNT/parsed/Table/rows.tsv")" '1	2'
cat "$MNT/documents/later/later.txt" >"$TMP/out" 2>"$TMP/err"
is 'others fail' "$?" 1
like 'as a time-out' "$(cat "$TMP/err")" '*timed out*'
ok 'stat and df work' sh -c "stat '$MNT/documents/later/later.txt' && df '$MNT'"
like 'status says so' "$(jq -r .refresh.result "$MNT/.sffs/status.json")" 'Connection timed out'
mkfifo "$TMP/org2.out"
"$BUILD/sffs-org" --data "$data" --port "$port" >"$TMP/org2.out" 2>"$TMP/org.log" & ORG_PID=$!
sed -n '/client_secret/q' <"$TMP/org2.out"
ok 'when it is back a refresh works' fs_sync
is 'and the missing files can be read' "$(cat "$MNT/documents/later/later.txt")" later
fs_unmount

kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
"$BUILD/sffs" -o offline=fail sim "$MNT" 2>"$TMP/err"
is 'offline=fail: mounting exits 5' "$?" 5
is 'in one line' "$(wc -l <"$TMP/err")" 1
ok 'and nothing is mounted' not mountpoint -q "$MNT"
rm -rf "$XDG_CACHE_HOME/sffs"
"$BUILD/sffs" sim "$MNT" 2>"$TMP/err"
is 'with nothing known either way' "$?" 5

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
ok 'and nothing is mounted then' not mountpoint -q "$MNT"
