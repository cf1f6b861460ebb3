#!/bin/sh
# Changes in the org show after a refresh, which costs one call; open files keep the version that was opened.
. "${0%/*}/lib.sh"; plan 48
data=$TMP/data
mkdir "$data"
printf 'first\n' >"$data/Report.txt"
printf 'plan\n' >"$data/Plan.txt"
printf 'gone\n' >"$data/Gone.txt"; touch -d '2020-01-01 UTC' "$data/Gone.txt"
printf 'a,b\n1,2\n' >"$data/Table.csv"
org_start --data "$data"
fs_mount -o refresh=3600
docs=$MNT/documents
change() { op=$1; shift; org change -d op="$op" "$@" >/dev/null; }

# A new version: a new inode under the old name.
exec 3<"$docs/Report/Report.txt"
before=$(stat -c %i "$docs/Report/Report.txt")
change new-version -d title=Report -d content=second
org_forget
is 'before the refresh a document has its old bytes' "$(cat "$docs/Report/Report.txt")" first
calls 'before the refresh reading costs the download only' '*' 1
fs_sync
ok 'a new version is a new inode' not test "$before" = "$(stat -c %i "$docs/Report/Report.txt")"
is 'the new inode has the size of the new version' "$(stat -c %s "$docs/Report/Report.txt")" 6
is 'the old name has the bytes of the new version' "$(cat "$docs/Report/Report.txt")" second
calls 'a refresh costs one query' 'GET */query*' 1
is 'an open file goes on reading what it opened' "$(cat <&3)" first
is 'fstat of an open file shows the old version' \
	"$(python3 -c 'import os; print(os.fstat(3).st_ino, os.fstat(3).st_size)')" \
	"$before 6"
exec 3<&-
is 'content has the bytes of the new version' "$(cat "$docs/Report/content")" second
is 'metadata.json has the new version' "$(jq -r .LatestPublishedVersion.VersionNumber "$docs/Report/metadata.json")" 2

# A view of a document with a new version.
is 'a view can be read' "$(cat "$MNT/parsed/Table/rows.tsv")" '1	2'
exec 3<"$MNT/parsed/Table/rows.tsv"
change new-version -d title=Table --data-urlencode 'content=a,b
3,4
'
fs_sync
is 'after a new version of the same size the view is the new one' "$(cat "$MNT/parsed/Table/rows.tsv")" '3	4'
change new-version -d title=Table --data-urlencode 'content=a,b
3,4
5,6'
fs_sync
is 'after a new version of another size the view is the new one' "$(cat "$MNT/parsed/Table/rows.tsv" | paste -sd/)" \
	'3	4/5	6'
is 'the view has the size of the new version' "$(stat -c %s "$MNT/parsed/Table/rows.tsv")" 8
is 'an open view goes on reading the old version' "$(cat <&3)" '1	2'
exec 3<&-

# A rename, and a document that takes over a name.
id=$(jq -r .Id "$docs/Plan/metadata.json")
change rename -d title=Plan -d 'to=Big Plan'
fs_sync
ok 'after a rename the old name is gone' not test -e "$docs/Plan"
is 'after a rename the new name is there' "$(cat "$docs/Big Plan/Big Plan.txt")" plan
is 'after a rename the Id is the same' "$(cat "$MNT/by-id/$id/content")" plan
is 'by-id leads to the new name' "$(readlink "$MNT/by-id/$id")" '../documents/Big Plan'
org_forget
change add -d 'title=Big Plan' -d path=other.md -d content=another
fs_sync
is 'a second document with the same title takes the next free name' "$(cat "$docs/Big Plan.md/Big Plan.md")" another
is 'a second document with the same title changes no other name' "$(cat "$docs/Big Plan/Big Plan.txt")" plan
calls 'the second document costs a refresh and a download' 'GET *' 2
change add -d 'title=Big Plan' -d path=third.md -d content=third
fs_sync
third=$(ls "$docs" | grep '^Big Plan (069')
is 'a third document with the same title has its Id in its name' "$(cat "$docs/$third/content")" third
change delete -d "id=$id"
fs_sync
is 'when the first is deleted the next takes its name' "$(cat "$docs/Big Plan/Big Plan.md")" another
is 'when the first is deleted the third takes the second name' "$(cat "$docs/Big Plan.md/Big Plan.md")" third
ok 'after that no name has an Id' sh -c "! ls '$docs' | grep -q 069"

# Deletion.
exec 3<"$docs/Gone/Gone.txt"
cat "$docs/Gone/Gone.txt" >/dev/null
gone=$(jq -r .Id "$docs/Gone/metadata.json") gone_version=$(jq -r .LatestPublishedVersionId "$docs/Gone/metadata.json")
readlink "$MNT/by-id/$gone" >/dev/null
change delete -d title=Gone
fs_sync
ok 'a deleted document is gone' not test -e "$docs/Gone"
ok 'a deleted document is gone from by-id' not readlink "$MNT/by-id/$gone"
ok 'a deleted document is gone from the cache' sh -c "! find '$XDG_CACHE_HOME/sffs' -name '$gone_version*' | grep -q ."
is 'an open file of a deleted document can be read' "$(cat <&3)" gone
exec 3<&-
change undelete -d title=Gone
fs_sync
is 'an undeleted document is back' "$(cat "$docs/Gone/Gone.txt")" gone
is 'metadata.json of an undeleted document has the date of the record' "$(stat -c %Y "$docs/Gone/metadata.json")" \
	"$(date -d "$(jq -r .SystemModstamp "$docs/Gone/metadata.json")" +%s)"
change archive -d title=Gone
fs_sync
ok 'an archived document is not listed' not test -e "$docs/Gone"
change unarchive -d title=Gone
fs_sync
is 'an unarchived document is listed again' "$(cat "$docs/Gone/Gone.txt")" gone

# Changes that no query for changes finds: access lost and gained, a recycle bin that was emptied.
change unshare -d title=Gone
fs_sync
is 'a refresh does not show that access is lost' "$(cat "$docs/Gone/Gone.txt")" gone
org_forget
echo full >"$MNT/.sffs/refresh"
ok 'a full refresh shows that access is lost' not test -e "$docs/Gone"
calls 'a full refresh lists all Ids' 'GET */query?q=SELECT Id,IsDeleted,* FROM ContentDocument ORDER*' 1
change share -d title=Gone
fs_sync
echo full >"$MNT/.sffs/refresh"
is 'a full refresh shows that access is gained' "$(cat "$docs/Gone/Gone.txt")" gone
change delete -d title=Gone
change empty-bin
fs_sync
echo full >"$MNT/.sffs/refresh"
ok 'a full refresh shows that the recycle bin was emptied' not test -e "$docs/Gone"

# A refresh that fails leaves the last good state, and says why.
ls "$docs" >"$TMP/before"
org fault -d kind=error -d status=500 --data-urlencode 'match=GET */queryAll*' -d times=forever >/dev/null
ok 'a write to refresh fails when the org does' not fs_sync
ls "$docs" >"$TMP/after"
same 'a refresh that fails changes no name' "$TMP/before" "$TMP/after"
is 'a listed document can be read after a failed refresh' "$(cat "$docs/Report/Report.txt")" second
org fault/clear -X POST >/dev/null
change add -d title=New -d content=new
ok 'a refresh works when the org works again' fs_sync
is 'the refresh brings what changed meanwhile' "$(cat "$docs/New/New.txt")" new
is 'the log has the cause of the failed refresh once' "$(grep -c 'query: Salesforce answered 500' "$MNT/.sffs/log")" 1

# The same names after a remount.
ls -i "$docs" >"$TMP/before"
fs_unmount; org_forget
fs_mount -o refresh=3600
ls -i "$docs" >"$TMP/after"
same 'a remount has the same names and inodes' "$TMP/before" "$TMP/after"
calls 'a remount costs one call' '*' 1

# A deletion while nothing is mounted.
id=$(jq -r .LatestPublishedVersionId "$docs/New/metadata.json")
fs_unmount
change delete -d title=New
fs_mount -o refresh=3600
is 'a document deleted while nothing is mounted leaves names and cache at the next mount' \
	"$(ls "$docs" | grep -c '^New$') $(find "$XDG_CACHE_HOME/sffs" -name "$id*" |
	wc -l)" '0 0'
