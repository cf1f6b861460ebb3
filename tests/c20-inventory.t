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
ok 'md5sum -c accepts a backup' sh -c "cd '$TMP/backup' && md5sum --strict -c '$MNT/.sffs/MD5SUMS'"
is 'MD5SUMS has every document' "$(wc -l <"$MNT/.sffs/MD5SUMS")" "$(ls "$data" | wc -l)"
printf 'damaged' >"$TMP/backup/documents/big/big.bin"
ok 'md5sum -c finds a damaged file' sh -c "cd '$TMP/backup' && ! md5sum -c --status '$MNT/.sffs/MD5SUMS'"
is 'documents.tsv has a line for each document' "$(wc -l <"$MNT/.sffs/documents.tsv")" "$(($(ls "$data" | wc -l) + 1))"
is 'documents.tsv says which documents are CSV' "$(cut -f8 "$MNT/.sffs/documents.tsv" | grep -c yes)" 2
is 'the paths in documents.tsv lead to the files' \
	"$(tail -n +2 "$MNT/.sffs/documents.tsv" | while IFS='	' read -r id version path size \
	rest; do
	[ "$(stat -c %s "$MNT/$(printf %b "$path")")" = "$size" ] || echo "$path"; done)" ''
is 'stat knows the sizes of MD5SUMS and documents.tsv' "$(cd "$MNT/.sffs" && wc -c <MD5SUMS && wc -c <documents.tsv)" \
	"$(cd "$MNT/.sffs" && stat -c %s MD5SUMS documents.tsv)"
calls 'MD5SUMS and documents.tsv cost no call' '*' 0

exec 3<"$MNT/.sffs/MD5SUMS"
org change -d op=add -d title=New -d content=new >/dev/null
fs_sync
is 'a new document is in MD5SUMS' "$(grep -c documents/New/New.txt "$MNT/.sffs/MD5SUMS")" 1
is 'an open MD5SUMS stays as it was' "$(grep -c New <&3)" 0
exec 3<&-
is 'stat knows the new size of MD5SUMS' "$(stat -c %s "$MNT/.sffs/MD5SUMS")" "$(wc -c <"$MNT/.sffs/MD5SUMS")"
fs_unmount

# Awkward titles, links and notes among many.
kill "$ORG_PID"; wait "$ORG_PID"; rm -rf "$TMP/org.out" "$XDG_CACHE_HOME/sffs"
org_start --synthetic 3000 --query-all-files 0
fs_mount -o refresh=3600
is 'documents.tsv lists 3,000 documents' "$(($(wc -l <"$MNT/.sffs/documents.tsv") - 1))" \
	"$(ls "$MNT/documents" | wc -l)"
is 'each path in documents.tsv leads to a file of the listed size' "$(python3 - "$MNT" <<'END'
import os, sys
mount = os.fsencode(sys.argv[1])
for line in open(mount + b'/.sffs/documents.tsv', 'rb').read().split(b'\n')[1:-1]:
    id, version, path, size, md5, date, owner, csv = line.split(b'\t')
    path = path.replace(b'\\\\', b'\\')
    if os.stat(mount + b'/' + path).st_size != int(size): print(path)
END
)" ''
sed -n '1~97p' "$MNT/.sffs/MD5SUMS" >"$TMP/some"
ok 'md5sum -c accepts a sample of 3,000 documents' sh -c "cd '$MNT' && md5sum --strict -c '$TMP/some'"
is 'MD5SUMS has the checksum of the shortcut of a link' \
	"$(link=$(grep '\.url$' "$MNT/.sffs/MD5SUMS" | head -1); printf '%s\n' \
	"$link" >"$TMP/link"; cd "$MNT" && md5sum -c "$TMP/link" | grep -c OK)" 1
is 'stat knows the size of the log' "$(cat "$MNT/.sffs/log" | wc -c)" "$(stat -c %s "$MNT/.sffs/log")"
is 'status.json says that the user does not see all files' "$(jq .sees_all_files "$MNT/.sffs/status.json")" false
