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
is 'a filter lists the matching documents' "$(listed)" Other,Table
is 'and it reads' "$(cat "$docs/Table/Table.csv")" 'a,b
1,2'
ok 'others are not there by name' not test -e "$docs/Note"
calls 'it is part of the query' "GET *FROM ContentDocument WHERE (FileExtension = 'csv') ORDER BY Id" 1
is 'but they are there by Id' "$(cat "$MNT/by-id/$(org document -G -d title=Note | cut -d' ' -f1)/content")" text
is 'or through a record' "$(cat "$MNT/records/Account/Acme"/*/content)" linked
is 'and that lists it not' "$(listed)" Other,Table
org_forget
fs_sync
calls 'a refresh asks for matching documents and for changes' 'GET *queryAll*' 2
calls '... once by Id, if that was in the last second before' 'GET */query?*WHERE Id IN*' 1
calls 'and nothing else' '*' 3
change new-version -d title=Table --data-urlencode 'content=a,b
5,6'
fs_sync
is 'a new version' "$(cat "$docs/Table/Table.csv" | tail -1)" 5,6
change new-version -d title=Other -d path=Other.txt -d content=text
org_forget
fs_sync
is 'a document that no longer matches is gone' "$(listed)" Table
calls 'at one query more' 'GET */query' 1
change new-version -d title=Note -d path=Note.csv --data-urlencode 'content=a
1'
fs_sync
is 'a document that matches now is there' "$(listed)" Note,Table
change rename -d title=Note -d to=Notes
change delete -d title=Table
change add -d title=New -d path=New.csv -d content=a
change add -d title=Never -d path=Never.txt -d content=a
fs_sync
is 'renamed, deleted, added' "$(listed)" New,Notes
org_forget
echo full >"$MNT/.sffs/refresh"
is 'a full refresh agrees' "$(listed)" New,Notes
calls 'its list has the filter' "GET */query?q=SELECT Id,* FROM ContentDocument WHERE (FileExtension = 'csv') ORDER BY Id" 1
is 'the status says that it is a part' "$(jq -r .filter "$MNT/.sffs/status.json")" "FileExtension = 'csv'"
is 'MD5SUMS has the listed documents' "$(wc -l <"$MNT/.sffs/MD5SUMS")" 2
fs_unmount

# Two parts of the same org, mounted side by side.
fs_mount -o tries=1,filter="Title = 'It\\'s (a) test' OR (ParentId != null)"
is 'quotes, parentheses, OR' "$(listed)" "It's (a) test,Plan"
fs_unmount
org_forget
fs_mount -o tries=1,filter="FileExtension = 'csv'"
is 'the first part is as it was' "$(listed)" New,Notes
calls 'for a refresh' 'GET *queryAll*' 2
cat "$docs/Notes/Notes.csv" >/dev/null
fs_unmount
fs_mount -o tries=1
is 'without a filter all are there' "$(listed)" "It's (a) test,Linked,Never,New,Notes,Other,Plan"
org_forget
cat "$docs/Notes/Notes.csv" >/dev/null
calls 'bytes are cached for all' 'GET *VersionData' 0
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
bad 'no condition' 'nonsense'
bad 'no such field' "Colour = 'red'"
bad 'a parenthesis too many' "Title = 'x') OR (Title != 'x'"
bad 'a parenthesis that stays open' "(Title = 'x'"
bad 'a quote that stays open' "Title = 'x"
bad 'more than a condition' "Title != null ORDER BY Title"
fs_mount -o tries=1,filter="FileExtension = 'csv'"
fs_unmount

# Archived documents.
fs_mount -o refresh=3600,tries=1,archived
like 'archived lists them too' "$(listed)" 'Ancient,*,Old,Other,*'
is 'and they read' "$(cat "$docs/Old/Old.txt")" old
old=$(jq -r .Id "$docs/Old/metadata.json")
is 'their record says so' "$(jq .IsArchived "$docs/Old/metadata.json")" true
change archive -d title=Other
fs_sync
ok 'an archived document stays' test -e "$docs/Other"
change delete -d title=Other
fs_sync
ok 'until it is deleted' not test -e "$docs/Other"
echo full >"$MNT/.sffs/refresh"
ok 'a full refresh agrees' test -e "$docs/Old" -a ! -e "$docs/Other"
fs_unmount
fs_mount -o tries=1,archived,filter="FileExtension = 'csv'"
is 'with a filter' "$(listed)" Ancient,New,Notes
fs_unmount
fs_mount -o tries=1
ok 'without the option they are not listed' not test -e "$docs/Old"
is 'nor are they there by their Id' "$(ls "$MNT/by-id/$old" 2>&1 | grep -c 'No such file')" 1
is 'and the status says so' "$(jq .archived "$MNT/.sffs/status.json")" false
