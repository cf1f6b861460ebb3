#!/bin/sh
# sffs waits for slow answers, begins again after a silent one, and never fetches the same bytes of a download twice.
. "${0%/*}/lib.sh"; plan 19
data=$TMP/data
mkdir "$data"
# Not in the order of the names, so that nothing is fetched ahead.
for i in d a c b f e; do head -c 3000000 /dev/urandom >"$data/$i.bin"; done
org_start --data "$data" --range 1
docs=$MNT/documents
fault() { org fault --data-urlencode "match=$1" -d kind="$2" -d "$3" -d times="$4" >/dev/null; }
calm() { org fault/clear -X POST >/dev/null; org release -X POST >/dev/null; org_forget; }
get='GET *VersionData' further='GET *VersionData?Range: bytes=1000000-'
ranges() { org journal -G --data-urlencode "match=$get?Range*" | sed 's/.*bytes=//;s/-.*//' | tr '\n' ' '; }

# A query may be silent longer than any other request.
fault 'GET */query*' delay ms=3000 1
ok 'a query that is answered after 3 s, where timeout = 2' fs_mount -o timeout=2,tries=2
fault '*queryAll*' hold ms=0 1
ok 'a query without an answer fails in the end' not fs_sync
like 'the log says for how long the query was silent' "$(cat "$MNT/.sffs/log")" '*no whole answer in 5 s*'
calm
fault "$get" hold-after bytes=0 1
ok 'a download that does not begin fails after `timeout`' not cat "$docs/f/f.bin"
calls 'a download that does not begin is tried once' "$get" 1
calm

# Silent midway.
fault "$get" silent bytes=1000000 1
same 'a download that falls silent midway is read to its end' "$docs/d/d.bin" "$data/d.bin"
calls 'a download that fell silent goes on where it was' "$further" 1
calm
fault "$get" silent bytes=500000 5
same 'a download that falls silent five times is read, with tries = 2' "$docs/a/a.bin" "$data/a.bin"
is 'each of five tries goes on where the last one fell silent' "$(ranges)" '500000 1000000 1500000 2000000 2500000 '
calm
fault "$get" drop-after bytes=500000 5
same 'a download that is cut five times is read, with tries = 2' "$docs/c/c.bin" "$data/c.bin"
is 'each of five tries goes on where the last one was cut' "$(ranges)" '500000 1000000 1500000 2000000 2500000 '
calm
fault "$get" drop-after bytes=100000 forever
ok 'a download that is cut without end fails' not cat "$docs/b/b.bin"
calls 'a download that gets further is given up after ten times `tries`' "$get" 20
calm

# An org that is busy has not refused to resume in the middle.
fs_unmount
fs_mount -o timeout=2,tries=3
fault "$get" drop-after bytes=1000000 1
fault "$get" error status=503 1
same 'a download is read though the org is too busy to go on at once' "$docs/b/b.bin" "$data/b.bin"
calls 'a download goes on where it was cut after the org was busy' "$further" 2
calm
rm -rf "$XDG_CACHE_HOME/sffs"
fs_unmount
fs_mount -o timeout=2,tries=3
org set -d range=2 >/dev/null
fault "$get" drop-after bytes=1000000 1
same 'a download is read though the org goes on with other bytes' "$docs/a/a.bin" "$data/a.bin"
calls 'a download begins again if the org goes on with other bytes' "$get" 3
calm
org set -d range=0 >/dev/null
fault "$get" silent bytes=1000000 forever
ok 'a download that is silent at the same place each time fails' not cat "$docs/e/e.bin"
calls 'a download that gets no further is given up after `tries` tries' "$get" 3
calm
fs_unmount
