#!/bin/sh
# The demo shows what it announces, over its own files and over the user's, and leaves nothing behind.
. "${0%/*}/lib.sh"; plan 7
mkdir "$TMP/tmp" "$TMP/files"
printf 'Name,Amount\n"Smith, John",3\n' >"$TMP/files/My Sales.csv"
demo() { BUILD=$BUILD TMPDIR=$TMP/tmp "$TOP/scripts/demo" "$@" </dev/null >"$TMP/demo" 2>&1; }

ok 'the demo ends well' demo
like 'it lists documents' "$(cat "$TMP/demo")" '*debian*ubuntu*'
like 'it has run a pipeline over rows' "$(cat "$TMP/demo")" '*rows.tsv*"codename"*rsync*0*"documents"*'
ok 'and over files of the user' demo "$TMP/files"
like 'which it shows' "$(cat "$TMP/demo")" '*Smith, John*3*'
is 'nothing is left mounted' "$(grep -c "$TMP/tmp" /proc/mounts)" 0
is 'nor on disk' "$(ls -A "$TMP/tmp")" ''
