#!/bin/sh
# If two start at one mount point, one of them mounts. A start that is killed mounts nothing later.
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
	org_held 1
}
go_on() { org release -X POST >/dev/null; }
mounts() { grep -c " $MNT fuse.sffs " /proc/mounts; }

fs_mount
"$sffs" sim "$MNT" 2>"$TMP/second"
is 'a second start at a mount point exits 6' "$?" 6
is 'the second start says in one line that something is mounted' "$(cat "$TMP/second")" \
	"sffs: $MNT: something is mounted here already; to unmount it: sffs unmount $MNT"
fs_unmount
ok 'the mount point can be used again after an unmount' fs_mount
fs_unmount

begin
XDG_STATE_HOME=$TMP/state2 XDG_CACHE_HOME=$TMP/cache2 "$sffs" sim "$MNT"
go_on
wait "$first"
is 'of two that start together, the later one to mount gives up' "$? $(mounts)" '6 1'
is 'the later one says in one line that something is mounted' "$(cat "$TMP/first")" \
	"sffs: $MNT: something is mounted here already; to unmount it: sffs unmount $MNT"
is 'the mount of the earlier one serves files' "$(cat "$MNT/documents/hello/hello.txt")" hello
fs_unmount

begin
worker=$(pgrep -P "$first")
kill -9 "$first"
wait "$first" 2>/dev/null
ok 'after kill -9 of a start its daemon ends too' timeout 120 sh -c \
	"while kill -0 $worker 2>/dev/null; do sleep 0.05; done"
go_on
is 'after kill -9 of a start nothing is mounted' "$(mounts)" 0
ok 'the next start mounts' fs_mount
kill -9 "$(pgrep -f "$sffs sim $MNT\$")"
timeout 120 sh -c "while cat '$MNT/.sffs/status.json' >/dev/null 2>&1; do sleep 0.05; done"
fusermount3 -u "$MNT"
ok 'a start mounts after a mount was killed and unmounted' fs_mount
