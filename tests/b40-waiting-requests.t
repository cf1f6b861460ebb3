#!/bin/sh
# A request that waits for the org delays no other one, and Ctrl-C ends all waits at once.
. "${0%/*}/lib.sh"; plan 28
data=$TMP/data
mkdir "$data"
head -c 4000000 /dev/urandom >"$data/big.bin"
head -c 40000000 /dev/zero >"$data/huge.bin"
head -c 300000 /dev/urandom >"$data/other.bin"
for i in 1 2 3 4; do head -c 3000000 /dev/urandom >"$data/slow$i.bin"; done
printf 'small\n' >"$data/small.txt"
for i in table held1 held2 held3; do printf 'a,b\n1,2\n' >"$data/$i.csv"; done
yes 1,2 | head -c 40000000 >"$data/long.csv"
org_start --data "$data"
fs_mount -o refresh=0
cat "$MNT/documents/small/small.txt" >/dev/null
exec 3<"$MNT/documents/small/small.txt"

# A refresh that the org does not answer.
org fault -d kind=hold --data-urlencode 'match=GET */queryAll*' -d times=forever >/dev/null
stat "$MNT/documents/table" >"$TMP/stat" 2>&1 & waiting=$!
org_held 1
echo now >"$MNT/.sffs/refresh" & writer=$!
ok 'df works during a refresh that the org holds' within df "$MNT"
ok 'a listing that needs no refresh works meanwhile' within ls "$MNT" "$MNT/.sffs"
ok 'an open file can be read meanwhile' within cat /dev/fd/3
ok 'status.json can be read meanwhile' within jq .documents "$MNT/.sffs/status.json"
interrupts 'Ctrl-C ends four waits for a name' stat "$MNT/documents/big"
interrupts 'Ctrl-C ends four waits for a listing' ls "$MNT/documents"
interrupts 'Ctrl-C ends four refreshes beside one that goes on waiting' sh -c "echo now >'$MNT/.sffs/refresh'"
org fault/clear -X POST >/dev/null; org release -X POST >/dev/null
wait $waiting && wait $writer
is 'the two that went on waiting get the answer' "$?" 0
ok 'the directory is as before the waits' within ls "$MNT/documents/big"
exec 3<&-; fs_unmount
rm -rf "$XDG_CACHE_HOME"/sffs

# A download that stands still.
fs_mount
org fault -d kind=hold-after -d bytes=1000000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
cat "$MNT/documents/big/big.bin" >"$TMP/big" & waiting=$!
org_held 1
ok 'the bytes that have come of a stalled download can be read' within sh -c \
	"head -c 500000 '$MNT/documents/big/big.bin' | cmp -n 500000 - '$data/big.bin'"
ok 'ls -l works beside a stalled download' within ls -l "$MNT/documents"
ok 'the directory of the stalled file can be read' within \
	sh -c "ls -l '$MNT/documents/big' && cat '$MNT/documents/big/metadata.json'"
ok 'another file can be read beside a stalled download' within cat "$MNT/documents/small/small.txt"
ok 'a view of another file can be read beside a stalled download' within cat "$MNT/parsed/table/rows.tsv"
interrupts 'Ctrl-C frees four readers' tail -c 10 "$MNT/documents/big/big.bin"
org release -X POST >/dev/null
wait $waiting
same 'the reader that went on waiting gets every byte' "$data/big.bin" "$TMP/big"
calls 'a stalled download is fetched once' 'GET */VersionData' 4
fs_unmount
rm -rf "$XDG_CACHE_HOME"/sffs

# Views of documents that do not come, more than there are threads that make views.
# beside_held DESCRIPTION: a view of a document in the cache can be read while three downloads are held.
beside_held() {
	fs_mount
	cat "$MNT/documents/table/table.csv" >/dev/null
	org fault -d kind=hold --data-urlencode 'match=GET *VersionData' -d times=forever >/dev/null
	views=
	for i in 1 2 3; do cat "$MNT/parsed/held$i/table.tsv" >"$TMP/held$i" & views="$views $!"; done
	org_held 3
	ok "$1" within cat "$MNT/parsed/table/table.tsv"
	org fault/clear -X POST >/dev/null; org release -X POST >/dev/null
	wait $views
	fs_unmount
}
beside_held 'a document in the cache is parsed while three others do not come'
rm -rf "$XDG_CACHE_HOME"/sffs/*/blobs	# the surveys stay
beside_held 'a view of a document in the cache is rendered while three others do not come'
is 'the three views that waited come in the end' \
	"$(cat "$TMP/held1" "$TMP/held2" "$TMP/held3" | sort | uniq -c | tr -s ' \t\n' ' ')" \
	' 3 1 2 3 a b '
rm -rf "$XDG_CACHE_HOME"/sffs

# More readers than the kernel's default limit of background requests, each at another place of a stalled download.
fs_mount
org fault -d kind=hold-after -d bytes=1000000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
cat "$MNT/documents/huge/huge.bin" >/dev/null & readers=$!
org_held 1
for i in 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do
	dd if="$MNT/documents/huge/huge.bin" of=/dev/null bs=1M skip=$i count=1 2>/dev/null & readers="$readers $!"
done
# shellcheck disable=SC2086 # a word each
timeout 120 \
	sh -c 'until [ "$(cat $(printf "/proc/%s/status " "$@") 2>/dev/null | grep -c "^State:.D")" = 21 ]
	do sleep 0.05; done' - $readers
ok 'twenty waiting readers hold up no other' within cmp "$MNT/documents/other/other.bin" "$data/other.bin"
kill -9 $readers
org release -X POST >/dev/null
wait $readers
df "$MNT" >/dev/null		# behind what the kernel tells of the readers' ends
fs_unmount
rm -rf "$XDG_CACHE_HOME"/sffs

# Slow downloads, in all places.
fs_mount -o timeout=5
org_forget
readers=
for i in 1 2 3 4; do
	version=$(org document -G -d title=slow$i | cut -d' ' -f2)
	org fault -d kind=slow -d bytes=300 --data-urlencode "match=GET *$version/VersionData" -d times=forever \
		>/dev/null
	cat "$MNT/documents/slow$i/slow$i.bin" >/dev/null & readers="$readers $!"
done
org_wait 'GET *VersionData' 4
ok 'a small file is read beside four crawling downloads' within cat "$MNT/documents/small/small.txt"
kill -9 $readers
wait $readers
ok 'a large file is read when the readers of the four are gone' within cmp "$MNT/documents/big/big.bin" "$data/big.bin"
org fault/clear -X POST >/dev/null
df "$MNT" >/dev/null
fs_unmount
rm -rf "$XDG_CACHE_HOME"/sffs

# A stalled download that nobody waits for makes room for others long before the time limit.
fs_mount -o transfers=1,timeout=300
org_forget
org fault -d kind=silent -d bytes=1000000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
# Without read-ahead: the kernel does not report that nobody waits for the pages that it reads ahead.
cat >"$TMP/one.py" <<'END'
import mmap, sys
f = open(sys.argv[1], 'rb')
m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
m.madvise(mmap.MADV_RANDOM)
print(m[int(sys.argv[2])])
END
python3 "$TMP/one.py" "$MNT/documents/huge/huge.bin" 2000000 >/dev/null & waiting=$!
org_held 1
kill $waiting
ok 'a small file is read beside a stalled download that nobody reads' within cat "$MNT/documents/small/small.txt"
calls 'the small file was the second download' 'GET */VersionData' 2
org wait -G --data-urlencode "match=GET *VersionData" -d count=2 -d state=ended -d timeout=30 >/dev/null
like 'sffs cut the stalled download' "$(org journal | grep VersionData | head -1)" '*cut*'
fs_unmount
rm -rf "$XDG_CACHE_HOME"/sffs

# So does one for a survey or a view that nobody waits for.
deserted() {
	org_forget
	org fault -d kind=silent -d bytes=1000000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
	"$@" >/dev/null 2>&1 & waiting=$!
	org_held 1
	kill $waiting
	org wait -G --data-urlencode 'match=GET *VersionData' -d state=ended -d timeout=30 >/dev/null 2>&1
	org journal | grep VersionData
}
fs_mount -o timeout=300
like 'sffs cuts a download for sizes of views that nobody waits for' \
	"$(deserted stat "$MNT/parsed/long/header")" '*cut*'
cat "$MNT/parsed/long/header" >/dev/null
fs_unmount
rm -rf "$XDG_CACHE_HOME"/sffs/*/blobs
fs_mount -o timeout=300
like 'sffs cuts a download for a view that nobody reads' \
	"$(deserted python3 "$TMP/one.py" "$MNT/parsed/long/header" 0)" '*cut*'
