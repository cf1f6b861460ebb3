#!/bin/sh
# MD5SUMS and documents.tsv match the catalogue and change with it, so a backup can be checked against them.
. "${0%/*}/lib.sh"; plan 17
data=$TMP/data
mkdir "$data"
cp -p /usr/share/distro-info/*.csv "$data"
printf 'x' >"$data/a\\b.txt"
head -c 200000 /dev/urandom >"$data/big.bin"
org_start --data "$data"
fs_mount -o refresh=3600
rsync -a "$MNT/documents" "$TMP/backup/"
org_forget
ok 'md5sum -c is content with a backup' sh -c "cd '$TMP/backup' && md5sum --strict -c '$MNT/.sffs/MD5SUMS'"
is 'every document is in it' "$(wc -l <"$MNT/.sffs/MD5SUMS")" "$(ls "$data" | wc -l)"
printf 'damaged' >"$TMP/backup/documents/big/big.bin"
ok 'a damaged one is found' sh -c "cd '$TMP/backup' && ! md5sum -c --status '$MNT/.sffs/MD5SUMS'"
is 'documents.tsv has a line a document' "$(wc -l <"$MNT/.sffs/documents.tsv")" "$(($(ls "$data" | wc -l) + 1))"
is 'which says which documents are CSV' "$(cut -f8 "$MNT/.sffs/documents.tsv" | grep -c yes)" 2
is 'paths lead to the files' "$(tail -n +2 "$MNT/.sffs/documents.tsv" | while IFS='	' read -r id version path size \
	rest; do
	[ "$(stat -c %s "$MNT/$(printf %b "$path")")" = "$size" ] || echo "$path"; done)" ''
is 'stat tells their sizes' "$(cd "$MNT/.sffs" && wc -c <MD5SUMS && wc -c <documents.tsv)" \
	"$(cd "$MNT/.sffs" && stat -c %s MD5SUMS documents.tsv)"
calls 'they cost no call' '*' 0

exec 3<"$MNT/.sffs/MD5SUMS"
org change -d op=add -d title=New -d content=new >/dev/null
fs_sync
is 'a new document is in it' "$(grep -c documents/New/New.txt "$MNT/.sffs/MD5SUMS")" 1
is 'not in a snapshot that was open' "$(grep -c New <&3)" 0
exec 3<&-
is 'stat knows the new size' "$(stat -c %s "$MNT/.sffs/MD5SUMS")" "$(wc -c <"$MNT/.sffs/MD5SUMS")"
fs_unmount

# Awkward titles, links and notes among many.
kill "$ORG_PID"; wait "$ORG_PID"; rm -rf "$TMP/org.out" "$XDG_CACHE_HOME/sffs"
org_start --synthetic 3000 --query-all-files 0
fs_mount -o refresh=3600
is 'each of many is there' "$(($(wc -l <"$MNT/.sffs/documents.tsv") - 1))" "$(ls "$MNT/documents" | wc -l)"
is 'each path leads to a file of that size' "$(python3 - "$MNT" <<'END'
import os, sys
mount = os.fsencode(sys.argv[1])
for line in open(mount + b'/.sffs/documents.tsv', 'rb').read().split(b'\n')[1:-1]:
    id, version, path, size, md5, date, owner, csv = line.split(b'\t')
    path = path.replace(b'\\\\', b'\\')
    if os.stat(mount + b'/' + path).st_size != int(size): print(path)
END
)" ''
sed -n '1~97p' "$MNT/.sffs/MD5SUMS" >"$TMP/some"
ok 'md5sum -c agrees on some of them' sh -c "cd '$MNT' && md5sum --strict -c '$TMP/some'"
is 'a link has the checksum of its file' "$(link=$(grep '\.url$' "$MNT/.sffs/MD5SUMS" | head -1); printf '%s\n' \
	"$link" >"$TMP/link"; cd "$MNT" && md5sum -c "$TMP/link" | grep -c OK)" 1
is 'the log is there' "$(cat "$MNT/.sffs/log" | wc -c)" "$(stat -c %s "$MNT/.sffs/log")"
is 'it says what the user can see' "$(jq .sees_all_files "$MNT/.sffs/status.json")" false
