#!/bin/sh
# A read has the documented result when the API limit is spent, the disk is full, or the download is cut or wrong.
. "${0%/*}/lib.sh"; plan 25
data=$TMP/data
mkdir "$data"
printf 'cached\n' >"$data/cached.txt"
for i in 1 2 3; do head -c 3000000 /dev/urandom >"$data/big$i.bin"; done
for i in once wrong; do head -c 400000 /dev/urandom >"$data/$i.bin"; done
org_start --data "$data"
docs=$MNT/documents
# why COMMAND...: prints its error message
why() { "$@" 2>&1 >/dev/null | sed 's/.*: //' | tail -1; }

# The API limit.
fs_mount -o refresh=1
cat "$docs/cached/cached.txt" >/dev/null
org set -d api-limit=0 >/dev/null
is 'spent: a file that is not cached is EDQUOT' "$(why cat "$docs/big1/big1.bin")" 'Disk quota exceeded'
is 'a cached file can be read' "$(cat "$docs/cached/cached.txt")" cached
is 'all names are there' "$(ls "$docs" | wc -l)" 6
ok 'a write to refresh fails' not fs_sync
org_forget
why cat "$docs/big1/big1.bin" >/dev/null; ls "$docs" >/dev/null
calls 'no call is made until the limit can have moved' '*' 0
is 'the log says so, once' "$(grep -c 'Salesforce API limit: ' "$MNT/.sffs/log")" 1
fs_unmount
org set -d api-limit=100000 >/dev/null

# The download is cut or wrong.
fs_mount
fault() { org fault --data-urlencode "match=$1" -d kind="$2" "$3" "$4" -d times="$5" >/dev/null; }
fault 'GET *VersionData' drop-after -d bytes=1000000 1
same 'cut once: every byte is read' "$docs/big1/big1.bin" "$data/big1.bin"
org_forget
fault 'GET *VersionData' corrupt -d bytes=399999 1
same 'wrong once, where nobody had read: no error' "$docs/once/once.bin" "$data/once.bin"
calls 'it came twice' 'GET *VersionData' 2
fault 'GET *VersionData' corrupt -d bytes=1 forever
is 'wrong bytes: an error' "$(why cat "$docs/wrong/wrong.bin")" 'Input/output error'
ok 'and never a clean end' not cat "$docs/wrong/wrong.bin"
like 'the log says why' "$(cat "$MNT/.sffs/log")" '*its bytes do not have the MD5*'
org fault/clear -X POST >/dev/null
same 'right when it comes right' "$docs/wrong/wrong.bin" "$data/wrong.bin"
fs_unmount

# The disk is full: no file fits into the cache.
rm -rf "$XDG_CACHE_HOME"; mkdir "$XDG_CACHE_HOME"
mount -t tmpfs -o size=2m,mode=700 none "$XDG_CACHE_HOME"
trap 'cleanup; umount -l "$XDG_CACHE_HOME" 2>/dev/null; rm -rf "$TMP"; [ "$failed" = 0 ] && [ "$number" = "${planned:-0}" ] || exit 1' EXIT
fs_mount
for i in 1 2 3; do same "a full disk: document $i is read" "$docs/big$i/big$i.bin" "$data/big$i.bin"; done
like 'the log says so' "$(cat "$MNT/.sffs/log")" '*the cache takes no more*'
for i in 1 2 3; do same "and again: document $i" "$docs/big$i/big$i.bin" "$data/big$i.bin"; done
fs_unmount
ok 'a mount after that' fs_mount
same 'reads right' "$docs/big2/big2.bin" "$data/big2.bin"
fs_unmount

# kill -9 midway.
umount -l "$XDG_CACHE_HOME"; mkdir -p "$XDG_CACHE_HOME"
fs_mount
fault 'GET *VersionData' hold -d bytes=1000000 1
cat "$docs/big1/big1.bin" >/dev/null 2>&1 & reader=$!
org_wait 'GET *VersionData'
kill -KILL "$(pgrep -f "$BUILD/sffs.* $MNT\$")"
wait $reader
is 'the process is gone: its mount answers nobody' "$(why ls "$MNT")" 'Transport endpoint is not connected'
fs_unmount
org fault/clear -X POST >/dev/null; org release -X POST >/dev/null
ok 'mounted again' fs_mount
same 'it reads right' "$docs/big1/big1.bin" "$data/big1.bin"
