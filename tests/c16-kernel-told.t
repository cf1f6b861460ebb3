#!/bin/sh
# A refresh ends only when the kernel has dropped every name that changed. A mount can end although a notification about
# a name waits in the kernel, behind a lookup.
. "${0%/*}/lib.sh"; plan 6
case $BUILD in *asan|*tsan) for i in 1 2 3 4 5 6; do ok 'a sanitizer cannot be loaded after another library' true; done
	exit ;; esac
data=$TMP/data
mkdir "$data"
printf 'old\n' >"$data/Old.txt"
printf 'other\n' >"$data/Other.txt"
org_start --data "$data"
docs=$MNT/documents
gcc -shared -fPIC -O1 -D_GNU_SOURCE -o "$TMP/notify.so" "$TOP/tests/notify.c" || exit 1
until_there() { timeout 120 sh -c "until [ -e '$TMP/$1' ]; do sleep 0.05; done"; }
daemon() { pgrep -f "$BUILD/sffs -o refresh=3600 sim $MNT\$"; }
at_end() { touch "$TMP/go"; kill -9 "$pid" 2>/dev/null; }
# held_rename FROM TO: a mount, and a refresh whose first notification is held back.
held_rename() {
	rm -f "$TMP/held" "$TMP/go" "$TMP/ended"
	NOTIFY_DIR=$TMP LD_PRELOAD=$TMP/notify.so "$BUILD/sffs" -o refresh=3600 sim "$MNT"
	pid=$(daemon)
	stat "$docs/$1" "$docs/$2" >"$TMP/stat" 2>&1
	org change -d op=rename -d "title=$1" -d "to=$2" >/dev/null
	{ echo now >"$MNT/.sffs/refresh"; touch "$TMP/ended"; } 2>"$TMP/err" & writer=$!
	until_there held
}

held_rename Old New
ok 'a refresh waits for the notification of a changed name' \
	not timeout 1 sh -c "until [ -e '$TMP/ended' ]; do sleep 0.05; done"
touch "$TMP/go"
wait $writer
ok 'the old name is gone when the refresh ends' not test -e "$docs/Old"
is 'the new name is there when the refresh ends' "$(cat "$docs/New/New.txt")" old
fs_unmount
timeout 120 sh -c "while [ -e /proc/$pid ]; do sleep 0.05; done"

# The library sends the second SIGTERM. The lookup holds the lock of documents/ in the kernel. The notification waits
# for this lock.
held_rename New Newer
kill "$pid"
timeout 120 sh -c "until grep -q '^SigIgn:.*[4567cdef]...\$' /proc/$pid/status; do sleep 0.05; done"	# SIGTERM
stat "$docs/Other" >"$TMP/stat" 2>&1 & looks=$!
timeout 120 sh -c "until [ ! -e /proc/$looks ] || grep -q '^State:.Z' /proc/$looks/status ||
	grep -q fuse_lookup /proc/$looks/stack; do sleep 0.05; done" 2>/dev/null
touch "$TMP/go"
ok 'two SIGTERM end a mount whose notification waits for a lookup' \
	timeout 60 sh -c "while [ -e /proc/$pid ]; do sleep 0.05; done"
wait $looks
is 'the lookup gets its answer' "$?" 0
ok 'nothing is mounted afterwards' not mountpoint -q "$MNT"
