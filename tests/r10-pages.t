#!/bin/sh
# Pages that the kernel shares between readers of a file: bytes that were wrong, and right ones that come later, are never read as one.
. "${0%/*}/lib.sh"; plan 8
data=$TMP/data
mkdir "$data"
for i in a b c d; do head -c 3000000 /dev/urandom >"$data/$i.bin"; done
org_start --data "$data"
export MNT
docs=$MNT/documents

# One reader has seen a wrong byte and keeps its handle; the next ones read what is right, and map it, which brings pages too.
fs_mount -o refresh=3600
org fault -d kind=corrupt -d bytes=900 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
cat >"$TMP/first.py" <<'END'
import mmap, os, sys
path, data = sys.argv[1:]
want = open(data, 'rb').read()
first = os.open(path, os.O_RDONLY)
got = os.read(first, 4096)
print('wrong' if got != want[:4096] else 'right')
try:
    os.pread(first, 4096, len(want) - 4096)
    print('no error')
except OSError as e:
    print(e.strerror)
print('right' if open(path, 'rb').read() == want else 'wrong', 'right' if open(path, 'rb').read() == want else 'wrong')
mapped = os.open(path, os.O_RDONLY)
for flags in (mmap.MAP_PRIVATE, mmap.MAP_SHARED):
    print('right' if mmap.mmap(mapped, 0, flags=flags, prot=mmap.PROT_READ)[:] == want else 'wrong', end='\n' if flags == mmap.MAP_SHARED else ' ')
try:
    while block := os.read(first, 65536):
        got += block
    print('right' if got == want else 'WRONG TO A CLEAN END')
except OSError as e:
    print(e.strerror)
try:
    os.close(first)
except OSError:     # as every call on it
    pass
print('right' if open(path, 'rb').read() == want else 'wrong')
END
python3 "$TMP/first.py" "$docs/a/a.bin" "$data/a.bin" >"$TMP/out" 2>&1
is 'the first reader has a wrong byte' "$(sed -n 1p "$TMP/out")" wrong
is 'and an error' "$(sed -n 2p "$TMP/out")" 'Input/output error'
is 'whoever comes now reads what is right' "$(sed -n 3p "$TMP/out")" 'right right'
is 'and maps it' "$(sed -n 4p "$TMP/out")" 'right right'
is 'the first one never comes to a clean end' "$(sed -n 5p "$TMP/out")" 'Input/output error'
is 'and after it all is right' "$(sed -n 6p "$TMP/out")" right
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"

# The kernel has kept some pages of a file that is not in the cache any more; the bytes that come again are wrong.
fs_mount -o refresh=3600,cache_size=4M
tail -c 1000000 "$docs/b/b.bin" >/dev/null
cat "$docs/c/c.bin" "$docs/d/d.bin" >/dev/null
is 'it is not in the cache' "$(getfattr --only-values -n user.salesforce.cached --absolute-names "$docs/b/b.bin")" no
org fault -d kind=corrupt -d bytes=1000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
cat "$docs/b/b.bin" >"$TMP/b" 2>/dev/null && cmp -s "$TMP/b" "$data/b.bin" || [ "$(stat -c %s "$TMP/b")" -lt 3000000 ]
is 'an error or what is right' "$?" 0
