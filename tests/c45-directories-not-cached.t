#!/bin/sh
# The kernel reads a directory twice (the entries, then whether there are more) and keeps neither answer: a change shows
# in the next listing, even of a directory that is still open.
. "${0%/*}/lib.sh"; plan 13
data=$TMP/data
mkdir "$data"
for i in 1 2 3 4 5 6 7 8 9; do printf 'a,b\n' >"$data/Doc $i.csv"; done
org_start --data "$data"
mkfifo "$TMP/ready"; : >"$TMP/debug"
"$BUILD/sffs" -d -o refresh=3600 sim "$MNT" >>"$TMP/debug" 2>&1 &
FS_PID=$!
timeout 60 sh -c "tail -n +1 -f '$TMP/debug' | grep -q -m 1 'INIT:'"
docs=$MNT/documents
asked() { grep -c "opcode: $1 (" "$TMP/debug"; }
# Walks all documents and prints the kernel's new requests for directories.
find "$docs" >"$TMP/first"
opened=$(asked OPENDIR) listed=$(asked READDIRPLUS) looked=$(asked LOOKUP)
is 'a walk finds all entries' "$(wc -l <"$TMP/first")" 37
find "$docs" >"$TMP/second"
same 'a second walk finds the same' "$TMP/first" "$TMP/second"
is 'a second walk opens no directory' "$(($(asked OPENDIR) - opened))" 0
is 'a second walk reads each directory twice' "$(($(asked READDIRPLUS) - listed))" 20
is 'a second walk looks up no name' "$(($(asked LOOKUP) - looked))" 0

# Directories that stay open.
python3 - "$docs" "$TMP" >"$TMP/listed" <<'END' &
import os, sys
docs, tmp = sys.argv[1:]
root = os.open(docs, os.O_RDONLY)
one = os.open(docs + '/Doc 1', os.O_RDONLY)
gone = os.open(docs + '/Doc 2', os.O_RDONLY)
def show(fd):
    os.lseek(fd, 0, os.SEEK_SET)
    try:
        print(','.join(sorted(os.listdir(fd))))
    except OSError as e:
        print(e.strerror)
for fd in (root, one, gone):
    show(fd)
sys.stdout.flush()
open(tmp + '/ready', 'w').close()
open(tmp + '/ready').close()
for fd in (root, one, gone):
    show(fd)
END
listing=$!
: <"$TMP/ready"
org change -d op=rename -d 'title=Doc 1' -d 'to=Other' >/dev/null
org change -d op=delete -d 'title=Doc 2' >/dev/null
org change -d op=add -d 'title=New' -d content=new >/dev/null
fs_sync
: >"$TMP/ready"
wait $listing
line() { sed -n "$1p" "$TMP/listed"; }
is 'an open documents/ lists nine documents' "$(line 1)" 'Doc 1,Doc 2,Doc 3,Doc 4,Doc 5,Doc 6,Doc 7,Doc 8,Doc 9'
is 'the open directory of a document lists its file' "$(line 2)" 'Doc 1.csv,metadata.json,parsed'
is 'the open directory of another document lists its file' "$(line 3)" 'Doc 2.csv,metadata.json,parsed'
is 'an open directory shows the new state' "$(line 4)" 'Doc 3,Doc 4,Doc 5,Doc 6,Doc 7,Doc 8,Doc 9,New,Other'
is 'the open directory of a renamed document shows the new name' "$(line 5)" 'Other.csv,metadata.json,parsed'
like 'the open directory of a deleted document is an error' "$(line 6)" '*file*'
is 'a new listing shows the same as the open directories' \
	"$(ls "$docs" | paste -sd,) $(ls "$docs/Other" | paste -sd,)" "$(line 4) $(line 5)"
ok 'the deleted document is gone' not test -e "$docs/Doc 2"
