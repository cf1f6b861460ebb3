#!/bin/sh
# The bytes of a version change, but its Id and its size do not. After a refresh the mount shows the new bytes and new
# views of them. A file that was open keeps its old bytes.
. "${0%/*}/lib.sh"; plan 28
data=$TMP/data
mkdir "$data"
bytes() { python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(sys.argv[1]).randbytes(3000000))' \
	"$1"; }
bytes 1 >"$data/Big.bin"
bytes 2 >"$TMP/big2"
bytes 3 >"$TMP/big3"
cp "$data/Big.bin" "$TMP/big1"
printf 'a,b\n1,2\n' >"$data/Table.csv"
printf 'one' >"$data/Late.txt"
head -c 1000000 /dev/zero | tr '\0' a >"$data/Half.bin"
head -c 1000000 /dev/zero | tr '\0' b >"$TMP/half2"
printf 'one' >"$data/Again.txt"
org_start --data "$data"
docs=$MNT/documents
replace() { title=$1; shift; org change -d op=replace -d title="$title" "$@" >/dev/null; }
version() { jq -r .LatestPublishedVersionId "$docs/$1/metadata.json"; }
fs_mount -o refresh=3600,tries=1

cat "$docs/Big/Big.bin" "$docs/Table/Table.csv" "$docs/Again/Again.txt" "$MNT/parsed/Table/table.tsv" \
	"$MNT/parsed/Table/columns/a" "$MNT/versions/Big/1.bin" >/dev/null
before=$(version Big) inode=$(stat -c %i "$docs/Big/Big.bin")
exec 3<"$docs/Big/Big.bin" 4<"$docs/Late/Late.txt" 5<"$MNT/parsed/Table/rows.tsv"
head -c 1000000 <&3 >"$TMP/open"
replace Big -d file="$TMP/big2"
replace Table --data-urlencode 'content=c,b
3,4
' -d path=Table.csv
replace Late -d content=two
same 'before a refresh the cached bytes are read' "$docs/Big/Big.bin" "$TMP/big1"
fs_sync
is 'a version whose bytes change in place keeps its Id' "$(version Big)" "$before"
same 'after a refresh the new bytes are read' "$docs/Big/Big.bin" "$TMP/big2"
is 'stat shows the size of the new bytes' "$(stat -c %s "$docs/Big/Big.bin")" 3000000
same 'content has the new bytes too' "$docs/Big/content" "$TMP/big2"
ok 'the new bytes have another inode' test "$(stat -c %i "$docs/Big/Big.bin")" != "$inode"
ok 'MD5SUMS has the MD5 of the new bytes' sh -c "cd '$MNT' && md5sum -c --quiet .sffs/MD5SUMS"
is 'checksum is the MD5 of the new bytes' "$(getfattr --absolute-names --only-values -n user.salesforce.checksum \
	"$docs/Big/Big.bin")" "$(md5sum <"$TMP/big2" | cut -d' ' -f1)"
cat <&3 >>"$TMP/open"
same 'an open file keeps its old bytes, half read before the refresh and half after it' "$TMP/open" "$TMP/big1"
is 'fstat of the open file shows the old inode' "$(stat -L -c %i /dev/fd/3)" "$inode"
python3 -c 'import mmap, sys; sys.stdout.buffer.write(mmap.mmap(3, 0, prot=mmap.PROT_READ)[:])' >"$TMP/mapped"
same 'a mapping of the open file has the old bytes' "$TMP/mapped" "$TMP/big1"
is 'an open file that nobody has read yet gives an error, not the new bytes' \
	"$(cat <&4 2>&1 | grep -o 'Input/output error')" \
	'Input/output error'
is 'a new open of that file reads the new bytes' "$(cat "$docs/Late/Late.txt")" two
is 'views show the new bytes' "$(cat "$MNT/parsed/Table/table.tsv" "$MNT/parsed/Table/columns/c")" 'c	b
3	4
3'
ok 'a column is gone if the new bytes lack it' not test -e "$MNT/parsed/Table/columns/a"
is 'an open view shows the old bytes' "$(cat <&5)" '1	2'
is 'the document still has one version' "$(ls "$MNT/versions/Big")" 1.bin
same 'its version has the new bytes' "$MNT/versions/Big/1.bin" "$TMP/big2"
exec 3<&- 4<&- 5<&-

# The first bytes come back. Then the bytes change while nothing is mounted.
replace Big -d file="$TMP/big1"
org_forget
fs_sync
same 'the first bytes are read when they come back' "$docs/Big/Big.bin" "$TMP/big1"
calls 'the first bytes are still cached' 'GET *VersionData' 0
is 'the first bytes have their inode again' "$(stat -c %i "$docs/Big/Big.bin")" "$inode"
ok 'doctor --cache compares each file with its own MD5' "$BUILD/sffs" doctor --cache sim
fs_unmount
replace Big -d file="$TMP/big3"
fs_mount -o refresh=3600,tries=1,versions=all
same 'bytes that change while nothing is mounted are read after the mount' "$docs/Big/Big.bin" "$TMP/big3"
replace Big -d file="$TMP/big2"
fs_sync
is 'with versions=all the document still has one version' "$(ls "$MNT/versions/Big")" 1.bin

# The org shows no checksums: then the SystemModstamp of a version says that it has changed.
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
org fault -d kind=error -d status=400 -d code=INVALID_FIELD -d times=1 --data-urlencode 'match=GET *query*' \
	--data-urlencode "message=No such column 'Checksum' on entity 'ContentVersion'" >/dev/null
fs_mount -o refresh=3600,tries=2
is 'without a checksum in the org a document is read' \
	"$(jq -c .LatestPublishedVersion.Checksum "$docs/Again/metadata.json") $(cat \
	"$docs/Again/Again.txt")" 'null one'
org set -d skew=3600 >/dev/null
replace Again -d content=two
fs_sync
is 'without a checksum the new bytes are read after a refresh' "$(cat "$docs/Again/Again.txt")" two
replace Again -d content=longer
fs_sync
is 'without a checksum new bytes of another size are read' \
	"$(cat "$docs/Again/Again.txt" | wc -c) $(stat -c %s "$docs/Again/Again.txt")" '6 6'

# Without a checksum nobody can tell whether two halves fit: a download that breaks begins anew.
org set -d range=1 >/dev/null
org fault -d kind=drop-after -d bytes=500000 -d times=1 --data-urlencode 'match=GET *VersionData' >/dev/null
org fault -d kind=hold -d times=1 --data-urlencode 'match=GET *VersionData' >/dev/null
org_forget
cat "$docs/Half/Half.bin" >"$TMP/half" 2>"$TMP/err" &
org_wait 'GET *VersionData' 2
replace Half -d file="$TMP/half2"
org release -X POST >/dev/null
wait $!
ok 'a download does not mix old and new bytes if it breaks between them' sh -c \
	"[ \"\$(tr -d b <'$TMP/half' | wc -c)\" = 0 ] || [ \"\$(tr -d a <'$TMP/half' | wc -c)\" = 0 ]"
