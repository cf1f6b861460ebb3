#!/bin/sh
# Who reads far into a large file that is still coming gets that part alone, where the org gives parts; else he waits. And
# nobody reads a wrong file to a clean end, whoever has read which part of it.
. "${0%/*}/lib.sh"; plan 50
data=$TMP/data
mkdir "$data"
size=24000000
# In another order than the names, so that nothing is fetched ahead.
for i in d a h c i b g e; do head -c $size /dev/urandom >"$data/$i.bin"; done
org_start --data "$data" --range 1
docs=$MNT/documents
within() { timeout -s KILL 30 "$@"; }
held() { curl -sSf "$ORG_URL/_org/wait?held=$1&timeout=30" >/dev/null; }
fault() { org fault --data-urlencode "match=$1" -d kind="$2" -d "$3" -d times="${4:-1}" >/dev/null; }
whole='GET */VersionData' part='GET */VersionData?Range: *'
# The whole of a file stands still after its first million bytes; what is asked for in parts does not.
stall() { org_forget; org fault/clear -X POST >/dev/null; fault "$part" delay ms=0 "${1:-forever}"; fault "$whole" hold-after bytes=1000000; }
go_on() { org release -X POST >/dev/null; org fault/clear -X POST >/dev/null; }
tail_of() { tail -c "$2" "$data/$1.bin" | cmp -s - "$TMP/tail"; }
ended() { org wait -G --data-urlencode "match=$1" -d count="${2:-1}" -d state=ended -d timeout=30 >/dev/null; }

# The end, while the rest is coming.
fs_mount
stall
cat "$docs/d/d.bin" >"$TMP/a" & reader=$!
held 1
ok 'the end is read while the beginning is coming' within sh -c "tail -c 100 '$docs/d/d.bin' >'$TMP/tail'"
ok 'its bytes' tail_of d 100
calls 'by one request more' "$whole" 2
calls 'for that part' "$part" 1
is 'which was no more than it' "$(org journal -G --data-urlencode "match=$part" | cut -f 4,5)" "206	$((size - size / 1048576 * 1048576 + 1048576))"
is 'the whole has not come meanwhile' "$(org journal | grep VersionData | cut -f 6 | head -1)" -
ok 'the same again' within sh -c "tail -c 100000 '$docs/d/d.bin' >'$TMP/tail'"
ok 'and more of it' tail_of d 100000
ok 'and something in the middle' within sh -c "dd if='$docs/d/d.bin' bs=1000 skip=12000 count=1 status=none | cmp -s -n 1000 -i 0:12000000 - '$data/d.bin'"
calls 'is one more request' "$whole" 3
is 'they count as downloads' "$(jq .calls.download "$MNT/.sffs/limits.json")" 3
kill -0 $reader; is 'who reads in order waits' "$?" 0
go_on; wait $reader
is 'and ends well' "$?" 0
same 'with every byte' "$TMP/a" "$data/d.bin"
same 'it is whole' "$docs/d/d.bin" "$data/d.bin"
calls 'without another request' "$whole" 3
is 'nothing was wrong' "$(grep -c ' warn ' "$MNT/.sffs/log")" 0

# Nobody has begun: the part is asked for first.
org_forget
fault "$part" delay ms=0 forever; fault "$whole" hold bytes=0
within tail -c 50 "$docs/a/a.bin" >"$TMP/tail"
ok 'the end of what nobody reads' tail_of a 50
go_on

# A part that is wrong: its reader cannot know, but whoever reads on is told, and nobody gets all of it.
stall 1
cat >"$TMP/far.py" <<'END'
import os, sys
path, data, size = sys.argv[1], open(sys.argv[2], 'rb').read(), int(sys.argv[3])
fd = os.open(path, os.O_RDONLY)
os.read(fd, 4096)
print('wrong' if os.pread(fd, 100, size - 100) != data[-100:] else 'right', flush=True)
sys.stdin.readline()
got, off = b'', 0
try:
    while block := os.pread(fd, 65536, off):
        got, off = got + block, off + len(block)
    print('WRONG TO A CLEAN END' if got != data else 'right')
except OSError as e:
    print(e.strerror)
END
org fault/clear -X POST >/dev/null
far() { mkfifo "$TMP/go" "$TMP/said"; within python3 "$TMP/far.py" "$docs/$1/$1.bin" "$data/$1.bin" $size <"$TMP/go" >"$TMP/said" & reader=$!; exec 4>"$TMP/go" 5<"$TMP/said"; rm "$TMP/go" "$TMP/said"; }
fault "$part" corrupt bytes=$((size - size / 1048576 * 1048576 + 1048576 - 50)); fault "$whole" hold-after bytes=1000000
far h
read -r said <&5
is 'a part that is wrong' "$said" wrong
go_on; echo >&4; read -r said <&5; exec 4>&- 5<&-; wait $reader
is 'is no part of a clean end' "$said" 'Input/output error'
like 'the log says why' "$(cat "$MNT/.sffs/log")" '*what came of it alone is not what comes in order*'
same 'who opens it anew reads what is right' "$docs/h/h.bin" "$data/h.bin"

# The whole is wrong, the part is right.
stall
org fault/clear -X POST >/dev/null
fault "$part" delay ms=0 forever; fault "$whole" corrupt bytes=500000 2
cat "$docs/c/c.bin" >"$TMP/d" 2>/dev/null & reader=$!
within tail -c 100 "$docs/c/c.bin" >"$TMP/tail" 2>/dev/null
wait $reader; rc=$?
ok 'the whole is wrong: never a clean end' test $rc = 1 -a "$(stat -c %s "$TMP/d")" -lt $size
org fault/clear -X POST >/dev/null
same 'and then it is right' "$docs/c/c.bin" "$data/c.bin"

# A part that is cut comes once more, or not at all.
stall 0; org fault/clear -X POST >/dev/null
fault "$part" drop-after bytes=500000; fault "$part" delay ms=0 forever; fault "$whole" hold-after bytes=1000000
cat "$docs/i/i.bin" >"$TMP/e" & reader=$!
held 1
ok 'a part that is cut' within sh -c "tail -c 100 '$docs/i/i.bin' >'$TMP/tail'"
ok 'comes again' tail_of i 100
calls 'once' "$part" 2
org fault/clear -X POST >/dev/null; fault "$part" drop-after bytes=500000 forever
dd if="$docs/i/i.bin" bs=1000 skip=12000 count=1 status=none >"$TMP/middle" & middle=$!
ended "$part" 4
go_on; wait $middle; cmp -s -n 1000 -i 0:12000000 "$TMP/middle" "$data/i.bin"
is 'one that is cut twice is waited for with the rest' "$?" 0
calls 'and not asked for again' "$part" 4
wait $reader
same 'nobody noticed' "$TMP/e" "$data/i.bin"
fs_unmount

# Ctrl-C.
fs_mount -o transfers=4
org_forget; fault "$part" hold bytes=0 forever; fault "$whole" hold-after bytes=1000000
cat "$docs/b/b.bin" >"$TMP/f" & reader=$!
held 1
is 'Ctrl-C frees who waits for a part' "$(within python3 "$TOP/tests/callers.py" 4 tail -c 10 "$docs/b/b.bin")" 'SIGINT
SIGINT
SIGINT
SIGINT'
calls 'one request for the four' "$part" 1
go_on; wait $reader
same 'who reads it goes on' "$TMP/f" "$data/b.bin"
fs_unmount

# The first part ever that is asked for stands still: nobody else waits for it, and no thread.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o transfers=3
org_forget; fault "$part" hold bytes=0; fault "$whole" hold-after bytes=1000000
cat "$docs/d/d.bin" >"$TMP/j" & reader=$!
held 1
tail -c 100 "$docs/d/d.bin" >"$TMP/end" & end=$!
held 2
ok 'the end of another file, while the first part is asked for' within sh -c "tail -c 100 '$docs/a/a.bin' >'$TMP/tail'"
ok 'comes with the whole' tail_of a 100
calls 'and not by itself' "$part" 1
go_on; wait $reader; wait $end
cmp -s "$TMP/j" "$data/d.bin"; is 'who waited has it' "$?" 0
fs_unmount

# An org that gives no parts, or the wrong ones.
for range in 0 2; do
	rm -rf "$XDG_CACHE_HOME/sffs"
	org set -d range=$range >/dev/null
	fs_mount
	stall
	cat "$docs/g/g.bin" >"$TMP/g" & reader=$!
	held 1
	tail -c 100 "$docs/g/g.bin" >"$TMP/tail" & end=$!
	ended "$part"
	[ $range = 2 ] || is 'of an answer with all of it no body is taken' "$(org journal -G --data-urlencode "match=$part" | cut -f 6)" cut
	tail -c 100 "$docs/e/e.bin" >"$TMP/tail2" & end2=$!
	org_wait "$whole" 3
	kill -0 $end; is 'who asked waits' "$?" 0
	go_on; wait $end; wait $end2
	ok 'and has the right bytes' tail_of g 100
	mv "$TMP/tail2" "$TMP/tail"; ok 'of another file too' tail_of e 100
	wait $reader
	same 'and the reader' "$TMP/g" "$data/g.bin"
	calls 'in vain once' "$part" 1
	calls 'and each file once' "$whole" 3
	fs_unmount
done
