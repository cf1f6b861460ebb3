#!/bin/sh
# Several mounts share an org: changes on many pages, lost query locators, a filter in one mount, damage.
. "${0%/*}/lib.sh"; plan 25
data=$TMP/data
mkdir "$data"
for i in 1 2 3 4 5 6; do echo "text $i" >"$data/T$i.txt"; done
printf 'a,b\n1,2\n' >"$data/Table.csv"
org_start --data "$data" --page-size 3
second=$TMP/second
mkdir "$second"
at_end() { fusermount3 -uz "$second" 2>/dev/null; }
change() { op=$1; shift; org change -d op="$op" "$@" >/dev/null; }
fault() { org fault "$@" -d times=1 >/dev/null; }
blobs() { find "$XDG_CACHE_HOME/sffs" -name '068*' | wc -l; }

# Changes on several pages, and the versions of them.
fs_mount -o versions=all,refresh=3600
for i in 1 2 3 4 5 6; do change rename -d title=T$i -d to=R$i; change new-version -d title=R$i -d content=new; done
fs_sync
is 'changes on several pages are all shown' \
	"$(cat "$MNT/documents"/R?/content) $(ls "$MNT"/versions/R? | grep -c txt)" \
	'newnewnewnewnewnew 12'

# All locators are lost, once each.
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
org_forget
fault -d kind=error -d status=400 -d code=INVALID_QUERY_LOCATOR --data-urlencode 'match=GET */query/*'
fault -d kind=error -d status=400 -d code=INVALID_QUERY_LOCATOR --data-urlencode 'match=GET *FROM ContentVersion*'
fs_mount -o versions=all,refresh=3600
is 'a mount whose query locators are lost starts' "$?" 0
calls 'the fill goes on after the last document that came' "GET */query?*FROM ContentDocument WHERE Id > *" 1
is 'the fill brings all versions' "$(ls "$MNT"/versions/R? | grep -c txt)" 12
is 'the fill brings all documents' "$(ls "$MNT/documents" | wc -l)" 7
change new-version -d title=R1 -d content=newer
fault -d kind=error -d status=400 -d code=INVALID_QUERY_LOCATOR --data-urlencode 'match=GET *FROM ContentVersion*'
fs_sync
is 'a refresh brings versions though a locator is lost' "$(ls "$MNT/versions/R1" | wc -l)" 3

# A refresh that loses one goes on from the rows that have come; these are older than the newest known one.
fs_unmount
fs_mount -o refresh=3600
for i in 1 2 3 4 5 6; do org set -d skew=$((2 * i)) >/dev/null; change new-version -d title=R$i -d content=newest; done
fs_sync
org_forget
fault -d kind=error -d status=400 -d code=INVALID_QUERY_LOCATOR --data-urlencode 'match=GET */query/*'
fs_sync
calls 'a refresh whose locator is lost asks twice' 'GET */query?*FROM ContentDocument *' 2
calls 'the second question brings the remaining pages' 'GET */query/*' 2
fs_unmount
fs_mount -o versions=all,refresh=3600

# A mount with a filter takes nothing from others.
org set -d page-size=0 >/dev/null
cat "$MNT"/documents/*/content >/dev/null
"$BUILD/sffs" -o refresh=3600,filter="Title LIKE 'R%'" sim "$second"
is 'a mount with a filter lists the matching documents' "$(ls "$second/documents" | wc -l)" 6
before=$(blobs)
change rename -d title=R1 -d to=S1
echo now >"$second/.sffs/refresh"
is 'a document that stops matching leaves the mount with the filter' "$(ls "$second/documents" | wc -l)" 5
is 'the bytes of a document that stops matching stay in the cache' "$(blobs)" "$before"
change rename -d title=R2 -d to=S2
echo full >"$second/.sffs/refresh"
is 'a full refresh keeps the bytes of what stops matching' "$(ls "$second/documents" | wc -l) $(blobs)" "4 $before"
change archive -d title=R3
echo now >"$second/.sffs/refresh"
is 'a refresh keeps the bytes of an archived document' "$(ls "$second/documents" | wc -l) $(blobs)" "3 $before"
change delete -d title=R4
echo now >"$second/.sffs/refresh"
is 'the bytes of a deleted document leave the cache' "$(ls "$second/documents" | wc -l) $(blobs)" "2 $((before - 1))"
change rename -d title=R5 -d to=S5
change delete -d title=S5
echo now >"$second/.sffs/refresh"
is 'the bytes of a deleted document leave the cache though it had left the filter before' \
	"$(ls "$second/documents" | wc -l) $(blobs)" "1 $((before - 2))"
fusermount3 -u "$second"

# Rendering counts as use of a survey: it is then among the most recent of very many.
survey() { python3 -c "
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
if len(sys.argv) > 2: c.execute(sys.argv[2])
c.commit()
print(c.execute('SELECT min(rowid) > 50000 FROM survey WHERE maker NOT LIKE \'x\'').fetchone()[0])
" "$(ls "$XDG_CACHE_HOME"/sffs/*/catalogue-*.db | grep -v part-)" "$@"; }
stat "$MNT/parsed/Table/header" >/dev/null
is 'the survey of a view is older than 60,000 others' \
	"$(survey "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 60000) \
INSERT INTO survey SELECT i, 'x', 'x', 0 FROM n")" 0
fs_unmount
fs_mount -o refresh=3600
is 'stat after a remount uses the survey and does not count as use' \
	"$(stat -c %s "$MNT/parsed/Table/header" "$MNT/parsed/Table/rows.tsv" | paste -sd' ') $(survey)" '4 4 0'
is 'a render uses the survey and counts as use' "$(cat "$MNT/parsed/Table/rows.tsv") $(survey)" '1	2 1'

# Damage under two mounts: each goes on with a new list.
"$BUILD/sffs" -o refresh=3600 sim "$second"
ls "$second/documents" >"$TMP/names"
python3 -c '
import sys
with open(sys.argv[1], "r+b") as f:
    n = f.seek(0, 2)
    f.seek(4096)
    f.write(b"\xa5" * (n - 4096))
' "$(ls "$XDG_CACHE_HOME"/sffs/*/catalogue-*.db | grep -v part-)"
echo full >"$MNT/.sffs/refresh" 2>/dev/null	# fails if it finds the damage
echo now >"$MNT/.sffs/refresh"
ls "$MNT/documents" >"$TMP/names2"
same 'a damaged list is replaced under its mount' "$TMP/names" "$TMP/names2"
echo now >"$second/.sffs/refresh"
ls "$second/documents" >"$TMP/names2"
same 'a damaged list is replaced under the other mount' "$TMP/names" "$TMP/names2"
is 'one file of the catalogue is left' "$(ls "$XDG_CACHE_HOME"/sffs/*/catalogue-*.db | grep -vc part-)" 1
fusermount3 -u "$second"

# The org does not say whether the user has Query All Files.
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
reach() { jq -c '.sees_all_files' "$MNT/.sffs/status.json"; }
org fault -d kind=error -d status=500 -d code=UNKNOWN_EXCEPTION --data-urlencode \
	"match=GET *FROM ContentDocumentLink LIMIT 1" -d times=2 >/dev/null
fs_mount -o refresh=3600,tries=1
is 'a mount starts though the org does not say what the user sees' "$? $(reach)" '0 null'
change delete -d title=R6
ok 'a full refresh works though the org does not say what the user sees' sh -c "echo full >'$MNT/.sffs/refresh'"
echo full >"$MNT/.sffs/refresh"
is 'the next full refresh asks again' "$(reach)" true
org set -d query-all-files=0 >/dev/null
echo full >"$MNT/.sffs/refresh"
is 'a full refresh shows that the user sees less' "$(reach)" false
