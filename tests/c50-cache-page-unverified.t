#!/bin/sh
# The kernel never serves bytes of an unverified download to the next reader.
. "${0%/*}/lib.sh"; plan 13
data=$TMP/data
mkdir "$data"
head -c 3000000 /dev/urandom >"$data/corrupt.bin"
head -c 60000000 /dev/urandom >"$data/left.bin"
for i in 1 2 3 4 5 6; do head -c 20000000 /dev/urandom >"$data/map$i.bin"; done
(echo a,b; seq 1 100000 | sed 's/.*/&,&/') >"$data/table.csv"
cp "$data/table.csv" "$data/view.csv"
org_start --data "$data"
fs_mount

org fault -d kind=corrupt -d bytes=1000000 --data-urlencode 'match=GET *VersionData' -d times=2 >/dev/null
cat "$MNT/documents/corrupt/corrupt.bin" >"$TMP/out" 2>/dev/null
is 'a read of wrong bytes ends with an error' "$?" 1
ok 'a read of wrong bytes ends before the end of the file' test "$(stat -c %s "$TMP/out")" -lt 3000000
same 'the next reader gets every byte' "$data/corrupt.bin" "$MNT/documents/corrupt/corrupt.bin"

# A view brings the right bytes, while nobody has the file itself open.
org fault -d kind=corrupt -d bytes=50000 --data-urlencode 'match=GET *VersionData' -d times=2 >/dev/null
cat "$MNT/documents/view/view.csv" >"$TMP/out" 2>/dev/null
is 'a read of wrong bytes of a CSV document is an error' "$?" 1
cat "$MNT/parsed/view/header" >/dev/null
same 'after its view is read the document has the right bytes' "$data/view.csv" "$MNT/documents/view/view.csv"

# A download that nobody waits for any more is dropped; its beginning was wrong.
org fault -d kind=corrupt -d bytes=50000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
head -c 200000 "$MNT/documents/left/left.bin" | cmp -s -n 200000 - "$data/left.bin"
is 'a reader that leaves early gets wrong bytes without an error' "$?" 1
org wait -G --data-urlencode 'match=GET *VersionData' -d count=7 -d state=ended -d timeout=30 >/dev/null
same 'the next reader gets every byte of the file that was left' "$data/left.bin" "$MNT/documents/left/left.bin"

# The same for a view, which is rendered from the download.
org fault -d kind=corrupt -d bytes=500000 --data-urlencode 'match=GET *VersionData' -d times=2 >/dev/null
cat "$MNT/parsed/table/rows.tsv" >"$TMP/out" 2>/dev/null
is 'a view of wrong bytes is an error' "$?" 1
# The error is kept for a second.
until cat "$MNT/parsed/table/rows.tsv" >"$TMP/out" 2>/dev/null; do sleep 0.1; done
is 'the next reader of the view gets the right one' "$(md5sum <"$TMP/out")" \
	"$(seq 1 100000 | sed 's/.*/&\t&/' | md5sum)"
is 'the log names each of the six wrong downloads' "$(grep -c 'do not have the MD5' "$MNT/.sffs/log")" 6

# A file that is not in the cache can be mapped, also right after a reader has left it early.
cat >"$TMP/map.py" <<'END'
import mmap, sys
with open(sys.argv[1], 'rb') as f, open(sys.argv[2], 'rb') as want:
    sys.exit(mmap.mmap(f.fileno(), 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)[:] != want.read())
END
map() { python3 "$TMP/map.py" "$MNT/documents/map$1/map$1.bin" "$data/map$1.bin"; }
ok 'a file can be mapped while it downloads' map 6
is 'the mapped file is in the cache afterwards' \
	"$(getfattr --only-values -n user.salesforce.cached --absolute-names "$MNT/documents/map6/map6.bin")" yes
wrong=0
for i in 5 4 3 2 1; do	# no order that is read ahead
	head -c 200000 "$MNT/documents/map$i/map$i.bin" >/dev/null
	map $i || wrong=1
done
is 'a file can be mapped after a reader has left it early' "$wrong" 0
