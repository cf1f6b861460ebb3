#!/bin/sh
# Of two starts at one mount point one mounts. A start that is killed mounts nothing later.
. "${0%/*}/lib.sh"; plan 10
data=$TMP/data
mkdir "$data"
printf 'hello\n' >"$data/hello.txt"
org_start --data "$data"
sffs=$BUILD/sffs
# begin: a start that waits for the org's first answer.
begin() {
	rm -rf "$XDG_CACHE_HOME/sffs"
	org fault -d kind=hold --data-urlencode 'match=GET */query*' >/dev/null
	"$sffs" sim "$MNT" 2>"$TMP/first" & first=$!
	org wait -G -d held=1 -d timeout=30 >/dev/null
}
go_on() { org release -X POST >/dev/null; }
mounts() { grep -c " $MNT fuse.sffs " /proc/mounts; }

fs_mount
"$sffs" sim "$MNT" 2>"$TMP/second"
is 'a second start finds the mount' "$?" 6
is 'and says so in one line' "$(cat "$TMP/second")" \
	"sffs: $MNT: something is mounted here already; to unmount it: fusermount3 -u $MNT"
fs_unmount
ok 'unmounted, the mount point is free at once' fs_mount
fs_unmount

begin
XDG_STATE_HOME=$TMP/state2 XDG_CACHE_HOME=$TMP/cache2 "$sffs" sim "$MNT"
go_on
wait "$first"
is 'of two that start together, the later one to mount gives up' "$? $(mounts)" '6 1'
is 'and says so in one line' "$(cat "$TMP/first")" \
	"sffs: $MNT: something is mounted here already; to unmount it: fusermount3 -u $MNT"
is 'the other goes on' "$(cat "$MNT/documents/hello/hello.txt")" hello
fs_unmount

begin
worker=$(pgrep -P "$first")
kill -9 "$first"
wait "$first" 2>/dev/null
ok 'killed, the one that works for it ends too' timeout 120 sh -c \
	"while kill -0 $worker 2>/dev/null; do sleep 0.05; done"
go_on
is 'and nothing is mounted' "$(mounts)" 0
ok 'the next one mounts' fs_mount
kill -9 "$(pgrep -f "$sffs sim $MNT\$")"
timeout 120 sh -c "while cat '$MNT/.sffs/status.json' >/dev/null 2>&1; do sleep 0.05; done"
fusermount3 -u "$MNT"
ok 'after a mount that was killed, too' fs_mount
