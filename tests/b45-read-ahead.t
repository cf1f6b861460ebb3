#!/bin/sh
# While documents are read in order, sffs fetches the next ones. Opening one, or some here and there, fetches nothing
# else.
. "${0%/*}/lib.sh"; plan 12
data=$TMP/data
mkdir "$data"
for i in $(seq -w 1 40); do head -c 20000 /dev/urandom >"$data/doc-$i.bin"; done
for i in $(seq -w 1 10); do printf 'a,b\n%s,2\n' "$i" >"$data/doc-$i-table.csv"; done
org_start --data "$data"
fs_mount
d=$MNT/documents
downloads() { org_count 'GET *VersionData'; }

cat "$d/doc-20/doc-20.bin" >/dev/null
is 'a read of one document downloads one' "$(downloads)" 1
cat "$d/doc-33/doc-33.bin" "$d/doc-05/doc-05.bin" "$d/doc-11/doc-11.bin" "$d/doc-29/doc-29.bin" "$d/doc-02/doc-02.bin" \
	>/dev/null
is 'six reads without an order download six documents' "$(downloads)" 6

# Holds the downloads, to tell those ahead from those that somebody reads.
org_forget
org fault -d kind=hold --data-urlencode 'match=GET *VersionData' -d skip=3 -d times=forever >/dev/null
(cat "$d/doc-06/doc-06.bin" "$d/doc-07/doc-07.bin" "$d/doc-08/doc-08.bin" "$d/doc-09/doc-09.bin") >"$TMP/read" & \
	reading=$!
org_held 4
is 'while the fourth document in order waits, the next ones download' "$(downloads)" 7
org fault/clear -X POST >/dev/null; org release -X POST >/dev/null
wait $reading
is 'four documents read in order have the right bytes' "$(cat "$data"/doc-0[6789].bin | md5sum)" \
	"$(md5sum <"$TMP/read")"

# The whole walk, in the order of the names: each document once.
cat "$d"/doc-??/doc-??.bin | md5sum >"$TMP/sum"
is 'a walk reads every document' "$(cat "$TMP/sum")" "$(cat "$data"/doc-??.bin | md5sum)"
calls 'a walk downloads each document once' 'GET *VersionData' 34
fs_unmount

# Views of one kind of document, in the order of a listing.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount
org_forget
ls -U "$d" | while read -r name; do [ ! -e "$d/$name/parsed" ] || cat "$d/$name/parsed/rows.tsv"; done | sort \
	>"$TMP/rows"
is 'a walk over the views of one kind reads all ten' "$(wc -l <"$TMP/rows")" 10
is 'a walk over views downloads at most the other documents that it passes' \
	"$(test "$(downloads)" -le 18 && echo yes)" yes
is 'no call of the walk over views failed' "$(jq '.calls.failed' "$MNT/.sffs/status.json")" 0
fs_unmount

# Documents are fetched ahead only while a transfer is free, so that no reader waits after them.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o transfers=2
org_forget
org fault -d kind=hold --data-urlencode 'match=GET *VersionData' -d skip=2 -d times=forever >/dev/null
cat "$d/doc-01/doc-01.bin" "$d/doc-02/doc-02.bin" "$d/doc-03/doc-03.bin" >/dev/null & reading=$!
org_held 2
is 'two transfers run, and at most one document waits' \
	"$(jq -c '[.transfers.running, .transfers.waiting <= 1]' "$MNT/.sffs/status.json")" '[2,true]'
org fault/clear -X POST >/dev/null; org release -X POST >/dev/null
wait $reading
fs_unmount

# In a small cache no large document is fetched ahead.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o cache_size=1M
org_forget
for i in 01 02 03 04 05 06 07 08; do cat "$d/doc-$i/doc-$i.bin" >/dev/null; done
calls 'a document that would fill much of the cache is not fetched ahead' 'GET *VersionData' 8
fs_unmount

# A walk over old versions is no walk over documents.
for i in 01 02 03 04 05 06 07 08; do org change -d op=new-version -d title=doc-$i -d content=new >/dev/null; done
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount
org_forget
for i in 01 02 03 04 05 06 07 08; do cat "$MNT/versions/doc-$i/1.bin" >/dev/null; done
calls 'eight old versions that are read in order cost eight downloads' 'GET *VersionData' 8
fs_unmount
