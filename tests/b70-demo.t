#!/bin/sh
# The demo shows what it announces, over its own files and over the user's, and leaves nothing behind.
. "${0%/*}/lib.sh"; plan 7
mkdir "$TMP/tmp" "$TMP/files"
printf 'Name,Amount\n"Smith, John",3\n' >"$TMP/files/My Sales.csv"
demo() { BUILD=$BUILD TMPDIR=$TMP/tmp "$TOP/scripts/demo" "$@" </dev/null >"$TMP/demo" 2>&1; }

ok 'the demo exits 0' demo
like 'the demo lists documents' "$(cat "$TMP/demo")" '*debian*ubuntu*'
like 'the demo runs a pipeline over rows' "$(cat "$TMP/demo")" '*rows.tsv*"codename"*rsync*0*"documents"*'
ok 'the demo with a directory of the user exits 0' demo "$TMP/files"
like 'the demo shows a file of the user' "$(cat "$TMP/demo")" '*Smith, John*3*'
is 'the demo leaves nothing mounted' "$(grep -c "$TMP/tmp" /proc/mounts)" 0
is 'the demo leaves no file' "$(ls -A "$TMP/tmp")" ''
