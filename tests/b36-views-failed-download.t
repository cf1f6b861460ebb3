#!/bin/sh
# A look at all views of a document that cannot be downloaded costs one try. The next look tries again.
. "${0%/*}/lib.sh"; plan 8
data=$TMP/data
mkdir "$data"
printf 'a,b\n1,2\n' >"$data/Table.csv"
printf '<p>text</p>' >"$data/Memo.snote"
org_start --data "$data"
fs_mount
parsed=$MNT/parsed/Table
fault() { org fault -d kind=error -d status=403 -d code=INSUFFICIENT_ACCESS -d message=no -d "times=$1" \
	--data-urlencode 'match=GET *VersionData' >/dev/null; }
fault forever
org_forget
ok 'ls -l of views fails if the document cannot be downloaded' not ls -l "$parsed/" "$parsed/columns"
calls 'a look at all views costs one try' 'GET */VersionData' 1
is 'each view reports the error' "$(cat "$parsed/table.tsv" "$parsed/info.tsv" "$parsed/errors.tsv" 2>&1 |
	grep -c 'Permission denied')" 3
org fault/clear -X POST >/dev/null
is 'a second later the views can be read' \
	"$(timeout 120 sh -c "until cat '$parsed/header' 2>/dev/null; do sleep 0.1; done")" "$(printf 'a\nb')"
calls 'the second try is one call' 'GET */VersionData' 2
ok 'all views are listed after the second try' ls -l "$parsed/" "$parsed/columns"
fault 1
ok 'the text of a note reports a failed download' not stat "$MNT/documents/Memo/Memo.txt"
is 'a failed download of a text is not remembered for the note itself' "$(cat "$MNT/documents/Memo/Memo.html")" \
	'<p>text</p>'
fs_unmount
