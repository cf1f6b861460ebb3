#!/bin/sh
# The first mount costs one query for each 2,000 documents and the next mount one call. Walking over everything costs
# none, and downloads nothing.
. "${0%/*}/lib.sh"; plan 17
org_start --synthetic 4001 --page-size 2000
fs_mount -o refresh=3600
calls 'a first mount logs in once' 'POST */oauth2/token' 1
calls 'a first mount makes five queries: three for the pages of 4,001 documents, two for the user and the libraries' \
	'GET */query*' 5
calls 'a first mount asks once whether the user sees all files' 'GET *FROM ContentDocumentLink LIMIT 1' 1
calls 'a first mount asks once for the libraries' 'GET *FROM ContentWorkspace*' 1
calls 'a first mount asks once for the storage of the org' 'GET */limits' 1
calls 'a first mount makes no other call' '*' 7

ls -lR "$MNT/documents" >"$TMP/list" 2>"$TMP/errors"
is 'ls -lR sees every document' "$(ls "$MNT/documents" | wc -l)" 4001
is 'ls -lR reports no error' "$(cat "$TMP/errors")" ''
is 'each document has a metadata.json' "$(grep -c '^-.* metadata.json$' "$TMP/list")" 4001
find "$MNT" -printf '%y %s %p\n' >"$TMP/found" 2>&1
is 'by-id lists every document' "$(grep -c "^l .* $MNT/by-id/069" "$TMP/found")" 4001
ok 'a library lists its documents' grep -q "^l .* $MNT/libraries/[^/]*/[^/]*$" "$TMP/found"
calls 'walking costs no call' '*' 7
du -s "$MNT/documents" >/dev/null
is 'no name is listed twice' "$(ls -f "$MNT/documents" | sort | uniq -d)" ''
is 'no two files have the same inode number' "$(find "$MNT/documents" -type f -printf '%i\n' | sort | uniq -d)" ''
ls -i "$MNT/documents" | sort >"$TMP/inodes"

fs_unmount; org_forget
fs_mount -o refresh=3600
calls 'a second mount costs one call' '*' 1
ls -i "$MNT/documents" | sort >"$TMP/inodes-again"
same 'a second mount has the same names and inode numbers' "$TMP/inodes" "$TMP/inodes-again"
is 'stat, find and du have downloaded nothing' "$(jq '.calls.download' "$MNT/.sffs/status.json")" 0
