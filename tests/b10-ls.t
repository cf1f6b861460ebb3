#!/bin/sh
# Walking costs one query a 2,000 documents at the first mount, one at the next, and downloads nothing. What must be known
# for that are the documents, once and what changed, and the names of the libraries.
. "${0%/*}/lib.sh"; plan 16
org_start --synthetic 10000 --page-size 2000
fs_mount -o refresh=3600
calls 'one login' 'POST */oauth2/token' 1
calls 'ten thousand documents in five pages' 'GET */query*' 6
calls 'and a question what the user may see' 'GET */query*ContentDocumentLink*' 1
calls 'and one how much it may hold' 'GET */limits' 1
calls 'and nothing else' '*' 8

ls -lR "$MNT/documents" >"$TMP/list" 2>"$TMP/errors"
is 'ls -lR sees every document' "$(ls "$MNT/documents" | wc -l)" 10000
is 'and complains of nothing' "$(cat "$TMP/errors")" ''
is 'each has its metadata' "$(grep -c '^-.* metadata.json$' "$TMP/list")" 10000
find "$MNT" -printf '%y %s %p\n' >"$TMP/found" 2>&1
is 'by-id lists them too' "$(grep -c "^l .* $MNT/by-id/069" "$TMP/found")" 10000
calls 'walking costs one call' '*' 9
calls 'which libraries there are' 'GET */query*ContentWorkspace*' 1
du -s "$MNT/documents" >/dev/null
is 'no name twice' "$(ls -f "$MNT/documents" | sort | uniq -d)" ''
is 'no inode twice among the files' "$(find "$MNT/documents" -type f -printf '%i\n' | sort | uniq -d)" ''
ls -i "$MNT/documents" | sort >"$TMP/inodes"

fs_unmount; org_forget
fs_mount -o refresh=3600
calls 'a second mount costs one call' '*' 1
ls -i "$MNT/documents" | sort >"$TMP/inodes-again"
same 'with the same names and inodes' "$TMP/inodes" "$TMP/inodes-again"
is 'stat, find and du had downloaded nothing' "$(jq '.calls.download' "$MNT/.sffs/status.json")" 0
