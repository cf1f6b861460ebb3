#!/bin/sh
# Of two starts at one mount point one mounts; and what was killed while it started mounts nothing later.
. "${0%/*}/lib.sh"; plan 13
data=$TMP/data
mkdir "$data"
printf 'hello\n' >"$data/hello.txt"
org_start --data "$data"
sffs=$BUILD/sffs
# begin [OPTION...]: a start that waits for the org's first answer.
begin() {
	rm -rf "$XDG_CACHE_HOME/sffs"
	org fault -d kind=hold --data-urlencode 'match=GET */query*' >/dev/null
	"$sffs" "$@" sim "$MNT" 2>"$TMP/first" & first=$!
	org wait -G -d held=1 -d timeout=30 >/dev/null
}
go_on() { org release -X POST >/dev/null; }
mounts() { grep -c " $MNT fuse.sffs " /proc/mounts; }

begin
"$sffs" sim "$MNT" 2>"$TMP/second"
is 'the second one ends' "$?" 6
worker=$(pgrep -P "$first")
is 'and names the first' "$(cat "$TMP/second")" "sffs: $MNT: process $worker is mounting here just now"
go_on
wait "$first"
is 'which mounts' "$? $(mounts)" '0 1'
"$sffs" sim "$MNT" 2>"$TMP/second"
is 'a third one finds the mount' "$?" 6
like '... and says so' "$(cat "$TMP/second")" '*mounted here already*'
fs_unmount
ok 'unmounted, it is free at once' fs_mount
fs_unmount

# Another user, as it were: one who knows nothing of that lock.
begin
XDG_STATE_HOME=$TMP/state2 XDG_CACHE_HOME=$TMP/cache2 "$sffs" sim "$MNT"
go_on
wait "$first"
is 'what was mounted meanwhile is not covered' "$? $(mounts)" '6 1'
like 'and said so' "$(cat "$TMP/first")" '*mounted here already*'
is 'it goes on' "$(cat "$MNT/documents/hello/hello.txt")" hello
fs_unmount

begin
worker=$(pgrep -P "$first")
kill -9 "$first"
wait "$first" 2>/dev/null
ok 'killed, the one that works for it ends too' timeout 20 sh -c "while kill -0 $worker 2>/dev/null; do sleep 0.05; done"
go_on
is 'and nothing is mounted' "$(mounts)" 0
ok 'the next one mounts' fs_mount
kill -9 "$(pgrep -f "$sffs sim $MNT\$")"
timeout 20 sh -c "while cat '$MNT/.sffs/status.json' >/dev/null 2>&1; do sleep 0.05; done"
fusermount3 -u "$MNT"
ok 'after a mount that was killed, too' fs_mount
