#!/bin/sh
# Another process shortens a cached file while it is open. A reader gets all bytes or an error, never just a part.
. "${0%/*}/lib.sh"; plan 11
data=$TMP/data
mkdir "$data"
python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(3000000))' >"$data/Big.bin"
python3 -c 'print("a,b"); [print(i, i, sep=",") for i in range(100000)]' >"$data/Table.csv"
org_start --data "$data"
file=$MNT/documents/Big/Big.bin view=$MNT/parsed/Table/rows.tsv
fs_mount -o refresh=3600
cat "$file" "$view" >/dev/null
cp "$view" "$TMP/view"
fs_unmount; fs_mount -o refresh=3600	# so that the kernel has no pages of these files
blob=$(find "$XDG_CACHE_HOME/sffs" -name '068*' -size 3000000c)
rendered=$(find "$XDG_CACHE_HOME/sffs" -name '068*.tsv')
org_forget
# part FD: reads until an error, and prints how many bytes came.
part() { cat <&"$1" 2>"$TMP/err" | wc -c; }

exec 3<"$file" 4<"$file"
head -c 1000000 <&3 >"$TMP/first"
truncate -s 2000000 "$blob"
got=$(part 3)
like 'a read beyond the new end of a shortened file is EIO' "$(cat "$TMP/err")" '*Input/output error*'
ok 'a shortened file gives no byte beyond its new end' test "$got" -le 1000000
like 'the log says that the cached file has become shorter' "$(tail -1 "$MNT/.sffs/log")" \
	'*cannot be read back: it has become shorter'
part 4 >/dev/null
like 'a second handle of the shortened file gets EIO too' "$(cat "$TMP/err")" '*Input/output error*'
same 'the next open of a shortened file has all bytes' "$file" "$data/Big.bin"
calls 'a shortened file costs one download' 'GET *VersionData' 1
exec 3<&- 4<&-
same 'the new copy of a shortened file is read right' "$file" "$data/Big.bin"
is 'the log says only once that the cached file has become shorter' "$(grep -c 'become shorter' "$MNT/.sffs/log")" 1

exec 3<"$view"
head -c 100 <&3 >/dev/null
truncate -s 300000 "$rendered"
part 3 >/dev/null
like 'a read of a shortened view is EIO' "$(cat "$TMP/err")" '*Input/output error*'
same 'a shortened view is rendered again' "$view" "$TMP/view"
exec 3<&-

# The file is shortened in the middle of a read, and the kernel has no pages of it: all bytes or an error.
cat >"$TMP/race.py" <<'END'
import glob, os, random, sys, threading
file, blobs, right = sys.argv[1], sys.argv[2], open(sys.argv[3], 'rb').read()
ends = {'whole': 0, 'error': 0, 'WRONG': 0}
for turn in range(60):
    while True:                                 # EIO while the handle of the last turn is being closed
        try:
            with open(file, 'rb') as f:
                os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                ends['WRONG'] += f.read() != right
            break
        except OSError:
            pass
    blob = [b for b in glob.glob(blobs) if os.path.getsize(b) == len(right)][0]
    fd = os.open(file, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    cut, came = random.randrange(12) * 2 ** 18, b''
    at = random.randrange(len(right))           # the reader is here when the file is shortened
    def shorten():
        os.truncate(blob, cut)
    try:
        thread = None
        while True:
            if len(came) >= at and not thread:
                thread = threading.Thread(target=shorten)
                thread.start()
            piece = os.read(fd, 2 ** 17)
            if not piece:
                break
            came += piece
        end = 'whole' if came == right else 'WRONG'
    except OSError:
        end = 'error' if right.startswith(came) else 'WRONG'
    if thread:
        thread.join()
    os.close(fd)
    ends[end] += 1
print(ends, file=sys.stderr)
print(ends['WRONG'], 'wrong,', 'some' if ends['error'] else 'no', 'errors')
END
is 'a file that is shortened while it is read gives every byte or an error' \
	"$(python3 "$TMP/race.py" "$file" "$XDG_CACHE_HOME/sffs/*/blobs/files/068*" "$data/Big.bin" 2>"$TMP/ends")" \
	'0 wrong, some errors'
note "$(cat "$TMP/ends")"
