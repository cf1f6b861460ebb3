#!/bin/sh
# What was read of a download before it could be checked is never served to the next reader by the kernel.
. "${0%/*}/lib.sh"; plan 8
data=$TMP/data
mkdir "$data"
head -c 3000000 /dev/urandom >"$data/corrupt.bin"
head -c 60000000 /dev/urandom >"$data/left.bin"
(echo a,b; seq 1 100000 | sed 's/.*/&,&/') >"$data/table.csv"
org_start --data "$data"
fs_mount

org fault -d kind=corrupt -d bytes=1000000 --data-urlencode 'match=GET *VersionData' -d times=2 >/dev/null
cat "$MNT/documents/corrupt/corrupt.bin" >"$TMP/out" 2>/dev/null
is 'a download that is not what it should be is an error' "$?" 1
ok 'before its end' test "$(stat -c %s "$TMP/out")" -lt 3000000
same 'the next reader gets every byte' "$data/corrupt.bin" "$MNT/documents/corrupt/corrupt.bin"

# One that nobody waits for any more is dropped; its beginning was wrong.
org fault -d kind=corrupt -d bytes=50000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
head -c 200000 "$MNT/documents/left/left.bin" | cmp -s -n 200000 - "$data/left.bin"
is 'what was read early was wrong, unknown to anybody' "$?" 1
org wait -G --data-urlencode 'match=GET *VersionData' -d count=4 -d state=ended -d timeout=30 >/dev/null
same 'the next reader gets every byte of it' "$data/left.bin" "$MNT/documents/left/left.bin"

# The same for a view: it is rendered from what comes.
org fault -d kind=corrupt -d bytes=500000 --data-urlencode 'match=GET *VersionData' -d times=2 >/dev/null
cat "$MNT/parsed/table/rows.tsv" >"$TMP/out" 2>/dev/null
is 'a view of wrong bytes is an error' "$?" 1
# The error is kept for a second.
until cat "$MNT/parsed/table/rows.tsv" >"$TMP/out" 2>/dev/null; do sleep 0.1; done
is 'the next reader gets the right one' "$(md5sum <"$TMP/out")" "$(seq 1 100000 | sed 's/.*/&\t&/' | md5sum)"
is 'and the log has each transfer that was wrong' "$(grep -c 'do not have the MD5' "$MNT/.sffs/log")" 4
