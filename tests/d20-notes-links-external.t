#!/bin/sh
# Notes are HTML and text, links are shortcuts, and files stored outside Salesforce are listed.
. "${0%/*}/lib.sh"; plan 29
data=$TMP/data
mkdir "$data"
printf '<p>Buy &lt;milk&gt;</p><p>caf&eacute;&nbsp;<b>now</b></p>\n' >"$data/Shopping.snote"
printf '<p>old</p>' >"$data/Diary.snote"
printf 'https://www.example.com/?a=1&b=2\n' >"$data/Page.link"
printf 'GOOGLE_SPREADSHEET\n' >"$data/Sheet.external"
printf 'a,b\n1,2\n' >"$data/Table.csv"
org_start --data "$data"
fs_mount -o refresh=3600
docs=$MNT/documents
org_forget

note=$docs/Shopping
is 'the directory of a note lists HTML and record' "$(ls "$note" | paste -sd' ')" 'Shopping.html metadata.json'
same 'the HTML of a note has the bytes of the org' "$note/Shopping.html" "$data/Shopping.snote"
is 'the text of a note can be read by name' "$(cat "$note/Shopping.txt")" 'Buy <milk>
café now'
is 'stat knows the size of a text' "$(stat -c %s "$note/Shopping.txt")" "$(wc -c <"$note/Shopping.txt")"
is 'grep finds a text by name' "$(grep -c '<milk>' "$docs"/*/Shopping.txt)" 1
ok 'a document that is not a note has no text' not test -e "$docs/Table/Table.txt"
calls 'HTML and text of a note cost one download' '*' 1
ok 'stat of a text waits for the bytes of the note' test "$(stat -c %s "$docs/Diary/Diary.txt")" = 4
calls 'stat of another text costs another download' '*' 2
org change -d op=new-version -d title=Diary -d path=Diary.snote -d 'content=<p>newer</p>' >/dev/null
fs_sync
is 'a new version of a note has a new text and size' \
	"$(cat "$docs/Diary/Diary.txt") $(stat -c %s "$docs/Diary/Diary.txt")" 'newer 6'
org fault -d kind=error -d status=500 --data-urlencode 'match=GET *VersionData' -d times=forever >/dev/null
org change -d op=add -d title=Broken -d path=Broken.snote -d 'content=<p>x</p>' >/dev/null
fs_sync
like 'a note that cannot be downloaded has no text' "$(cat "$docs/Broken/Broken.txt" 2>&1)" '*nput/output error*'
org fault/clear -X POST >/dev/null
is 'the text can be read once the note can be downloaded' \
	"$(timeout 120 sh -c "until cat '$docs/Broken/Broken.txt' 2>/dev/null; do sleep 0.1; done")" x

is 'a link is a shortcut' "$(cat "$docs/Page/Page.url")" '[InternetShortcut]
URL=https://www.example.com/?a=1&b=2'
org_forget
like 'a file outside Salesforce has no bytes' "$(cat "$docs/Sheet/Sheet" 2>&1)" '*not supported*'
cat "$docs/Sheet/Sheet" "$docs/Sheet/Sheet" 2>/dev/null
is 'the log says so once, by its path' \
	"$(grep -c 'documents/Sheet/Sheet: stored outside Salesforce .*filter = .*ContentLocation' "$MNT/.sffs/log")" 1
is 'a file outside Salesforce is not cached' \
	"$(getfattr --absolute-names --only-values -n user.salesforce.cached "$docs/Sheet/Sheet")" no
is 'a file outside Salesforce has its record' \
	"$(jq -r .LatestPublishedVersion.ContentLocation "$docs/Sheet/metadata.json")" E
calls 'a file outside Salesforce costs no call' '*' 0

# A walk over everything, each document and each view once.
find -L "$docs" -type f -printf '%P\n' | sort >"$TMP/walk"
is 'find -L sees each file once' "$(sort -u "$TMP/walk" | wc -l)" "$(wc -l <"$TMP/walk")"
is 'find -L sees each view once' "$(grep -c 'rows.jsonl$' "$TMP/walk")" 1
is "Python's glob sees the same files" "$(python3 -c "
import glob, os
found = glob.glob('**', root_dir='$docs', recursive=True, include_hidden=True)
print(*sorted(p for p in found if os.path.isfile('$docs/' + p)), sep='\n')")" "$(cat "$TMP/walk")"
is 'grep -R sees the same files' "$(grep -RlI . "$docs" 2>/dev/null | sed "s,^$docs/,," |
	sort)" "$(grep -v '^Sheet/Sheet$' "$TMP/walk" | while read -r f; do [ ! -s "$docs/$f" ] || echo "$f"; done)"
cp -rL "$docs" "$TMP/copy" 2>/dev/null
is 'cp -rL copies the same files' "$(find "$TMP/copy" -type f -printf '%P\n' | sort)" \
	"$(grep -v '^Sheet/Sheet$' "$TMP/walk")"
(cd "$docs" && zip -qr "$TMP/all.zip" . 2>/dev/null)
is 'zip -r packs the same files' "$(python3 -c "
import zipfile
print(*sorted(n for n in zipfile.ZipFile('$TMP/all.zip').namelist() if not n.endswith('/')), sep='\n')")" \
	"$(grep -v '^Sheet/Sheet$' "$TMP/walk")"

fs_unmount; org_forget
fs_mount -o refresh=3600
stat -c %s "$note/Shopping.txt" >/dev/null
cat "$note/Shopping.txt" >/dev/null
calls 'after a remount a text costs no download' 'GET *VersionData' 0

fs_unmount
fs_mount -o "filter=LatestPublishedVersion.ContentLocation = 'S'"
ok 'a filter leaves out files outside Salesforce' not test -e "$docs/Sheet"
is 'a filter on ContentLocation leaves out nothing else' "$(ls "$docs" | paste -sd' ')" \
	'Broken Diary Page Shopping Table'
ok 'tar finds nothing to complain of' tar -cf "$TMP/all.tar" -C "$docs" .
fs_unmount
fs_mount -o "filter=LatestPublishedVersion.ContentLocation IN ('S'\\,'L')"
is 'a filter in -o can have an escaped comma' "$(ls "$docs" | wc -l)" 5
