#!/bin/sh
# A read has the documented result when the API limit is spent, the disk is full, or the download is cut or wrong.
. "${0%/*}/lib.sh"; plan 26
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
is 'API limit: a file that is not cached is EDQUOT' "$(why cat "$docs/big1/big1.bin")" 'Disk quota exceeded'
is 'API limit: a cached file can be read' "$(cat "$docs/cached/cached.txt")" cached
is 'API limit: all names are there' "$(ls "$docs" | wc -l)" 6
ok 'API limit: a write to .sffs/refresh fails' not fs_sync
org_forget
why cat "$docs/big1/big1.bin" >/dev/null; ls "$docs" >/dev/null
calls 'API limit: no call is made until the limit can have moved' '*' 0
is 'API limit: the log says so once' "$(grep -c 'Salesforce API limit: ' "$MNT/.sffs/log")" 1
fs_unmount
org set -d api-limit=100000 >/dev/null

# The download is cut or wrong.
fs_mount
fault() { org fault --data-urlencode "match=$1" -d kind="$2" "$3" "$4" -d times="$5" >/dev/null; }
fault 'GET *VersionData' drop-after -d bytes=1000000 1
same 'a download that is cut once is read to its end' "$docs/big1/big1.bin" "$data/big1.bin"
org_forget
fault 'GET *VersionData' corrupt -d bytes=399999 1
same 'wrong bytes that nobody has read come again without an error' "$docs/once/once.bin" "$data/once.bin"
calls 'wrong bytes that nobody has read cost two downloads' 'GET *VersionData' 2
fault 'GET *VersionData' corrupt -d bytes=1 forever
is 'wrong bytes each time are EIO' "$(why cat "$docs/wrong/wrong.bin")" 'Input/output error'
ok 'wrong bytes each time never come to a clean end' not cat "$docs/wrong/wrong.bin"
like 'the log says by its path which document does not have its MD5' "$(cat "$MNT/.sffs/log")" \
	'*: documents/wrong/wrong.bin: its bytes do not have the MD5*'
is 'the log names no version by its Id' "$(grep -c ': 068' "$MNT/.sffs/log")" 0
org fault/clear -X POST >/dev/null
same 'right bytes that come later are read' "$docs/wrong/wrong.bin" "$data/wrong.bin"
fs_unmount

# The disk is full: no file fits into the cache.
rm -rf "$XDG_CACHE_HOME"; mkdir "$XDG_CACHE_HOME"
mount -t tmpfs -o size=2m,mode=700 none "$XDG_CACHE_HOME"
at_end() { umount -l "$XDG_CACHE_HOME" 2>/dev/null; }
fs_mount
for i in 1 2 3; do same "a full disk: document $i is read" "$docs/big$i/big$i.bin" "$data/big$i.bin"; done
like 'a full disk: the log says that the cache takes no more' "$(cat "$MNT/.sffs/log")" '*the cache takes no more*'
for i in 1 2 3; do same "a full disk: document $i is read again" "$docs/big$i/big$i.bin" "$data/big$i.bin"; done
fs_unmount
ok 'a full disk: the next mount starts' fs_mount
same 'a full disk: the next mount reads right bytes' "$docs/big2/big2.bin" "$data/big2.bin"
fs_unmount

# kill -9 midway.
umount -l "$XDG_CACHE_HOME"; mkdir -p "$XDG_CACHE_HOME"
fs_mount
fault 'GET *VersionData' hold -d bytes=1000000 1
cat "$docs/big1/big1.bin" >/dev/null 2>&1 & reader=$!
org_wait 'GET *VersionData'
kill -KILL "$(pgrep -f "$BUILD/sffs.* $MNT\$")"
wait $reader
is 'after kill -9 the mount point answers nobody' "$(why ls "$MNT")" 'Transport endpoint is not connected'
fs_unmount
org fault/clear -X POST >/dev/null; org release -X POST >/dev/null
ok 'after kill -9 and an unmount the next mount starts' fs_mount
same 'after kill -9 the next mount reads right bytes' "$docs/big1/big1.bin" "$data/big1.bin"
