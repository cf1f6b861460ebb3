#!/bin/sh
# filter mounts a part of an org, archived adds archived documents; a document that stops matching goes with the next
# refresh.
. "${0%/*}/lib.sh"; plan 46
data=$TMP/data
mkdir -p "$data/Old.archived" "$data/Sales" "$data/Acme.account"
printf 'a,b\n1,2\n' >"$data/Table.csv"; printf 'a,b\n3,4\n' >"$data/Other.csv"
printf 'text\n' >"$data/Note.txt"; printf 'sales\n' >"$data/Sales/Plan.txt"
printf 'old\n' >"$data/Old.archived/Old.txt"; printf 'a\n1\n' >"$data/Old.archived/Ancient.csv"
printf "it's\n" >"$data/It's (a) test.txt"
printf 'linked\n' >"$data/Acme.account/Linked.txt"
find "$data" -type f -exec touch -d 2024-01-01 {} +
org_start --data "$data"
docs=$MNT/documents
listed() { ls "$docs" | paste -sd, ; }
change() { op=$1; shift; org change -d op="$op" "$@" >/dev/null; }

fs_mount -o refresh=3600,tries=1,filter="FileExtension = 'csv'"
is 'a filter lists the documents that match' "$(listed)" Other,Table
is 'a document that matches can be read' "$(cat "$docs/Table/Table.csv")" 'a,b
1,2'
ok 'a document that does not match is not there by its name' not test -e "$docs/Note"
calls 'the filter is part of the query' "GET *FROM ContentDocument WHERE (FileExtension = 'csv') ORDER BY Id" 1
is 'a document that does not match is there by its Id' \
	"$(cat "$MNT/by-id/$(org document -G -d title=Note | cut -d' ' -f1)/content")" text
is 'a document that does not match is there through its record' "$(cat "$MNT/records/Account/Acme"/*/content)" linked
is 'looks at other documents do not list them' "$(listed)" Other,Table
org_forget
fs_sync
calls 'a refresh with a filter asks for matching documents and for changes' 'GET *queryAll*' 2
calls '... once by Id, if that was in the last second before' 'GET */query?*WHERE Id IN*' 1
calls 'a refresh with a filter makes no other call' '*' 3
change new-version -d title=Table --data-urlencode 'content=a,b
5,6'
fs_sync
is 'a refresh with a filter brings a new version' "$(cat "$docs/Table/Table.csv" | tail -1)" 5,6
change new-version -d title=Other -d path=Other.txt -d content=text
org_forget
fs_sync
is 'a document that no longer matches is listed no more' "$(listed)" Table
calls 'a document that no longer matches costs one query more' 'GET */query' 1
change new-version -d title=Note -d path=Note.csv --data-urlencode 'content=a
1'
fs_sync
is 'a document that matches now is listed' "$(listed)" Note,Table
change rename -d title=Note -d to=Notes
change delete -d title=Table
change add -d title=New -d path=New.csv -d content=a
change add -d title=Never -d path=Never.txt -d content=a
fs_sync
is 'a refresh with a filter shows renames, deletions and new documents' "$(listed)" New,Notes
org_forget
echo full >"$MNT/.sffs/refresh"
is 'a full refresh with a filter lists the same' "$(listed)" New,Notes
calls 'a full refresh has the filter in its list of Ids' \
	"GET */query?q=SELECT Id,* FROM ContentDocument WHERE (FileExtension = 'csv') ORDER BY Id" 1
is 'status.json has the filter' "$(jq -r .filter "$MNT/.sffs/status.json")" "FileExtension = 'csv'"
is 'MD5SUMS has the listed documents only' "$(wc -l <"$MNT/.sffs/MD5SUMS")" 2
fs_unmount

# Two parts of the same org, mounted side by side.
fs_mount -o tries=1,filter="Title = 'It\\'s (a) test' OR (ParentId != null)"
is 'a filter can have quotes, parentheses and OR' "$(listed)" "It's (a) test,Plan"
fs_unmount
org_forget
fs_mount -o tries=1,filter="FileExtension = 'csv'"
is 'a second mount with a filter lists the same as the first' "$(listed)" New,Notes
calls 'a second mount with a filter costs a refresh' 'GET *queryAll*' 2
cat "$docs/Notes/Notes.csv" >/dev/null
fs_unmount
fs_mount -o tries=1
is 'without a filter all documents are listed' "$(listed)" "It's (a) test,Linked,Never,New,Notes,Other,Plan"
org_forget
cat "$docs/Notes/Notes.csv" >/dev/null
calls 'mounts with and without a filter share cached files' 'GET *VersionData' 0
fs_unmount

# Invalid filters: one line, exit 2, nothing mounted.
bad() {
	"$BUILD/sffs" -o "tries=1,filter=$2" sim "$MNT" 2>"$TMP/err"
	is "$1: exit status" "$?" 2
	case $(cat "$TMP/err") in
	*filter*) is "$1: one line" "$(wc -l <"$TMP/err")" 1 ;;
	*) is "$1: message" "$(cat "$TMP/err")" '*filter*' ;;
	esac
	mountpoint -q "$MNT" && is "$1: nothing is mounted" mounted not
}
bad 'a filter that is no condition' 'nonsense'
bad 'a filter with an unknown field' "Colour = 'red'"
bad 'a filter with a parenthesis too many' "Title = 'x') OR (Title != 'x'"
bad 'a filter with an open parenthesis' "(Title = 'x'"
bad 'a filter with an open quote' "Title = 'x"
bad 'a filter with ORDER BY' "Title != null ORDER BY Title"
fs_mount -o tries=1,filter="FileExtension = 'csv'"
fs_unmount

# Archived documents.
fs_mount -o refresh=3600,tries=1,archived
like 'the option archived lists archived documents' "$(listed)" 'Ancient,*,Old,Other,*'
is 'an archived document can be read' "$(cat "$docs/Old/Old.txt")" old
old=$(jq -r .Id "$docs/Old/metadata.json")
is 'the record of an archived document has IsArchived' "$(jq .IsArchived "$docs/Old/metadata.json")" true
change archive -d title=Other
fs_sync
ok 'with archived a document that is archived now stays listed' test -e "$docs/Other"
change delete -d title=Other
fs_sync
ok 'with archived a deleted document is gone' not test -e "$docs/Other"
echo full >"$MNT/.sffs/refresh"
ok 'with archived a full refresh lists the same' test -e "$docs/Old" -a ! -e "$docs/Other"
fs_unmount
fs_mount -o tries=1,archived,filter="FileExtension = 'csv'"
is 'archived and filter list the archived documents that match' "$(listed)" Ancient,New,Notes
fs_unmount
fs_mount -o tries=1
ok 'without archived no archived document is listed' not test -e "$docs/Old"
is 'without archived an archived document is not in by-id' "$(ls "$MNT/by-id/$old" 2>&1 | grep -c 'No such file')" 1
is 'status.json says whether archived documents are listed' "$(jq .archived "$MNT/.sffs/status.json")" false
