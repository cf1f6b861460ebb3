#!/bin/sh
# One query finds all versions of a document when they are first named. Old ones never change; new ones come with a
# refresh.
. "${0%/*}/lib.sh"; plan 41
data=$TMP/data
mkdir -p "$data/Report.versions" "$data/Table.versions" "$data/README.versions"
printf 'first\n' >"$data/Report.versions/1.txt"; printf 'second, longer\n' >"$data/Report.versions/2.txt"; printf \
	'third\n' >"$data/Report.versions/3.md"
touch -d '2020-01-01 10:00:00 UTC' "$data/Report.versions/1.txt"; touch -d '2021-01-01 10:00:00 UTC' \
	"$data/Report.versions/2.txt"
printf 'a\n1\n' >"$data/Table.versions/1.csv"; printf 'a\n1\n2\n' >"$data/Table.versions/2.csv"
printf 'read\n' >"$data/README.versions/1.txt"; printf 'me\n' >"$data/README.versions/2.txt"
printf 'https://www.example.com/\n' >"$data/Page.link"
printf '<p>idea</p>' >"$data/Idea.snote"
for i in 1 2 3; do printf 'old %s\n' $i >"$data/Many$i.txt"; done
org_start --data "$data"
fs_mount -o refresh=3600,tries=1
versions=$MNT/versions
org_forget

is 'versions lists a README only' "$(ls -A "$versions")" README
is 'all versions of a document' "$(ls "$versions/Report" | paste -sd' ')" '1.txt 2.txt 3.md'
calls 'at one query' '*' 1
is 'they read' "$(cat "$versions/Report"/*)" "$(printf 'first\nsecond, longer\nthird\n')"
is 'their sizes are right' "$(stat -c %s "$versions/Report"/* | paste -sd' ')" '6 15 6'
is 'and their dates' "$(stat -c %Y "$versions/Report/1.txt" "$versions/Report/2.txt" |
	paste -sd' ')" "$(stat -c %Y "$data/Report.versions/1.txt" "$data/Report.versions/2.txt" | paste -sd' ')"
calls 'a download each' 'GET *VersionData' 3
calls 'and no further query' 'GET */query' 1
is 'the latest is the document' "$(stat -c %i "$versions/Report/3.md")" \
	"$(stat -c %i "$MNT/documents/Report/Report.md")"
is 'a document leads to its versions' "$(readlink "$MNT/documents/Report/versions") $(cat \
	"$MNT/documents/Report/versions/1.txt")" '../../versions/Report first'
is 'though that is not listed' "$(ls -A "$MNT/documents/Report" | paste -sd' ')" 'Report.md metadata.json'
is 'diff compares two' "$(diff "$versions/Table/1.csv" "$versions/Table/2.csv")" '2a3
> 2'
is 'a link and a note' "$(cat "$versions/Page/1.url" "$versions/Idea/1.html")" \
	"$(cat "$MNT/documents/Page/Page.url" "$MNT/documents/Idea/Idea.html")"
is 'README is a text, the document of that name has a dot' "$(head -1 "$versions/README" | cut -c1-13) $(cat \
	"$versions/.README/1.txt") $(readlink "$MNT/documents/README/versions")" \
	'Every version read ../../versions/.README'
attribute() { getfattr --absolute-names --only-values -n "user.salesforce.$1" "$2" 2>&1; }
is 'each version has attributes of its own' "$(attribute version_number "$versions/Report/1.txt") $(attribute checksum \
	"$versions/Report/1.txt")" "1 $(printf 'first\n' | md5sum | cut -d' ' -f1)"
is 'and those of its document' "$(attribute document_id "$versions/Report/1.txt")" \
	"$(jq -r .Id "$MNT/documents/Report/metadata.json")"
org_forget
for name in Nothing Report/4.txt Report/1.md Report/1 Report/Report.md Report/content; do
	[ ! -e "$versions/$name" ] || echo "$name"
done >"$TMP/bad"
is 'a missing name is not there' "$(cat "$TMP/bad")" ''
calls 'at no call' '*' 0
find "$MNT" >"$TMP/found"
calls 'a walk asks for no version' 'GET *ContentVersion*' 0
is 'nor finds one' "$(grep -c "^$versions/." "$TMP/found")" 1

# A new version.
exec 3<"$versions/Report/3.md"
org change -d op=new-version -d title=Report -d path=Report.txt -d content=fourth -d 'reason=to be sure' >/dev/null
org_forget
is 'a new version shows not before a refresh' "$(ls "$versions/Report" | wc -l)" 3
calls 'nobody asks' '*' 0
fs_sync
is 'but after it' "$(ls "$versions/Report" | paste -sd' ') $(cat "$versions/Report/4.txt")" \
	'1.txt 2.txt 3.md 4.txt fourth'
calls 'at one query' 'GET */query' 1
is 'why it was made' "$(attribute reason_for_change "$versions/Report/4.txt") $(jq -r \
	.LatestPublishedVersion.ReasonForChange "$MNT/documents/Report/metadata.json")" 'to be sure to be sure'
like 'when' "$(attribute created "$versions/Report/4.txt")" '20??-??-??T??:??:??Z'
is 'old versions are unchanged' "$(cat "$versions/Report/3.md") $(stat -c %s "$versions/Report/3.md")" 'third 6'
is 'also for a program that has one open' "$(cat <&3)" third
exec 3<&-
fs_sync
ls "$versions/Report" "$versions/Table" >/dev/null
calls 'a refresh without a new version asks nothing' 'GET */query' 1
org change -d op=rename -d title=Report -d to=Paper >/dev/null
fs_sync
is 'a rename takes them along' "$(ls "$versions/Paper" | wc -l)" 4
ok 'away from the old name' not test -e "$versions/Report"
ls -i "$versions/Paper" "$versions/Table" >"$TMP/inodes"

fs_unmount; org_forget
fs_mount -o refresh=3600,tries=1
ls -i "$versions/Paper" "$versions/Table" >"$TMP/inodes2"
same 'after a remount the inodes are the same' "$TMP/inodes" "$TMP/inodes2"
calls 'and nobody asks' 'GET */query' 0
org change -d op=delete -d title=Paper >/dev/null
fs_sync
ok 'they go with their document' not test -e "$versions/Paper/1.txt"
org change -d op=undelete -d title=Paper >/dev/null
fs_sync
is 'and come back with it' "$(cat "$versions/Paper/1.txt")" first

# All at once.
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
org_forget
fs_mount -o versions=all,refresh=3600,tries=1
calls 'versions=all brings them with a query more' 'GET *query*FROM ContentVersion*' 1
org_forget
is 'versions lists all documents' "$(ls -A "$versions" | paste -sd' ')" \
	'.README Idea Many1 Many2 Many3 Page Paper README Table'
is 'with all their versions' "$(find "$versions" -type f | sed "s,^$versions/,," | sort | paste -sd' ')" \
	'.README/1.txt .README/2.txt Idea/1.html Many1/1.txt Many2/1.txt Many3/1.txt Page/1.url Paper/1.txt Paper/2.txt Paper/3.md Paper/4.txt README Table/1.csv Table/2.csv'
calls 'for nothing' '*' 0
for i in 1 2; do org change -d op=new-version -d title=Many$i -d content=new$i >/dev/null; done
fs_sync
is 'new ones come with the refresh' "$(ls "$versions/Many1" "$versions/Many2" | grep -c 2.txt)" 2
calls 'at one query for them all' 'GET */query' 1
