#!/bin/sh
# No reader gets a mixture of wrong pages and right ones that came later.
. "${0%/*}/lib.sh"; plan 10
data=$TMP/data
mkdir "$data"
for i in a b c d; do head -c 3000000 /dev/urandom >"$data/$i.bin"; done
org_start --data "$data"
export MNT
docs=$MNT/documents

# One reader has read a wrong byte and keeps its handle; the next ones get right bytes.
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
# A mapping by another handle reads through the page cache, which the first one shares.
second = os.open(path, os.O_RDONLY)
try:
    mmap.mmap(second, 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
    print('mapped')
except OSError as e:
    print(e.strerror)
sys.stdout.flush()
if os.fork() == 0:
    mmap.mmap(second, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)[len(want) - 100:]
    os._exit(0)
print(os.waitstatus_to_exitcode(os.wait()[1]))
try:
    while block := os.read(first, 65536):
        got += block
    print('right' if got == want else 'WRONG TO A CLEAN END')
except OSError as e:
    print(e.strerror)
os.close(first)
print('right' if open(path, 'rb').read() == want else 'wrong')
END
python3 "$TMP/first.py" "$docs/a/a.bin" "$data/a.bin" >"$TMP/out" 2>&1
is 'the first reader has a wrong byte' "$(sed -n 1p "$TMP/out")" wrong
is 'the first reader gets EIO at the end of the file' "$(sed -n 2p "$TMP/out")" 'Input/output error'
is 'new readers get right bytes' "$(sed -n 3p "$TMP/out")" 'right right'
is 'a new handle cannot map the file shared' "$(sed -n 4p "$TMP/out")" 'No such device'
is 'a private mapping by a new handle gets SIGBUS' "$(sed -n 5p "$TMP/out")" -7
is 'the first one never comes to a clean end' "$(sed -n 6p "$TMP/out")" 'Input/output error'
is 'after the first reader closes it the file has right bytes' "$(sed -n 7p "$TMP/out")" right
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"

# The kernel has kept pages of a file that has left the cache; the next download has wrong bytes.
fs_mount -o refresh=3600,cache_size=4M
tail -c 1000000 "$docs/b/b.bin" >/dev/null
cat "$docs/c/c.bin" "$docs/d/d.bin" >/dev/null
is 'the file whose pages the kernel has is not in the cache' \
	"$(getfattr --only-values -n user.salesforce.cached --absolute-names "$docs/b/b.bin")" no
org fault -d kind=corrupt -d bytes=1000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
cat "$docs/b/b.bin" >"$TMP/b" 2>/dev/null && cmp -s "$TMP/b" "$data/b.bin" || [ "$(stat -c %s "$TMP/b")" -lt 3000000 ]
is 'the next read gives right bytes or an error before the end' "$?" 0
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"

# Many open a file of which one has read wrong bytes: no open ends before those pages are dropped.
mkdir "$TMP/many"
for i in $(seq 40); do head -c 300000 /dev/urandom >"$TMP/many/m$i.bin"; done
kill "$ORG_PID"; wait "$ORG_PID"; rm "$TMP/org.out"
org_start --data "$TMP/many"
export ORG_URL
fs_mount -o refresh=3600,tries=2
cat >"$TMP/many.py" <<'END'
import multiprocessing, os, sys, urllib.parse, urllib.request
data, documents = sys.argv[1], os.environ['MNT'] + '/documents'

def ask(path, **form):
    urllib.request.urlopen(f"{os.environ['ORG_URL']}/_org/{path}", urllib.parse.urlencode(form).encode(), 30).read()

def read(path):
    got = b''
    try:
        with open(path, 'rb', buffering=0) as f:
            while block := f.read(1 << 20):
                got += block
    except OSError:
        return None
    return got

def reader(k):
    if k % 2:       # comes late from its open
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    for name in names:
        together.wait()
        if read(f'{documents}/{name}/content') not in (None, read(f'{data}/{name}.bin')):
            wrong.put(name)
        together.wait()

names, wrong, together = sorted(os.listdir(documents)), multiprocessing.SimpleQueue(), multiprocessing.Barrier(11)
readers = [multiprocessing.Process(target=reader, args=(k,), daemon=True) for k in range(10)]
for p in readers:
    p.start()
for name in names:
    ask('fault', kind='corrupt', bytes=900, match='GET *VersionData', times=2)
    read(f'{documents}/{name}/content')
    ask('fault/clear')
    together.wait()
    together.wait()
for p in readers:
    p.join()
print(len(names), 'documents')
while not wrong.empty():
    print(wrong.get(), 'is wrong')
END
is 'a read with a clean end has right bytes' "$(python3 "$TMP/many.py" "$TMP/many")" '40 documents'
