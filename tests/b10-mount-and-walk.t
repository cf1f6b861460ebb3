#!/bin/sh
# The first mount costs one query for each 2,000 documents and the next mount one call. Walking over everything costs
# none, and downloads nothing.
. "${0%/*}/lib.sh"; plan 17
org_start --synthetic 4001 --page-size 2000
fs_mount -o refresh=3600
calls 'one login' 'POST */oauth2/token' 1
calls 'five queries: three for the pages of 4,001 documents' 'GET */query*' 5
calls 'one for what the user may see' 'GET *FROM ContentDocumentLink LIMIT 1' 1
calls 'one for the libraries' 'GET *FROM ContentWorkspace*' 1
calls 'one for the storage of the org' 'GET */limits' 1
calls 'and nothing else' '*' 7

ls -lR "$MNT/documents" >"$TMP/list" 2>"$TMP/errors"
is 'ls -lR sees every document' "$(ls "$MNT/documents" | wc -l)" 4001
is 'and complains of nothing' "$(cat "$TMP/errors")" ''
is 'each has its metadata' "$(grep -c '^-.* metadata.json$' "$TMP/list")" 4001
find "$MNT" -printf '%y %s %p\n' >"$TMP/found" 2>&1
is 'by-id lists them too' "$(grep -c "^l .* $MNT/by-id/069" "$TMP/found")" 4001
ok 'and libraries their documents' grep -q "^l .* $MNT/libraries/[^/]*/[^/]*$" "$TMP/found"
calls 'walking costs no call' '*' 7
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
