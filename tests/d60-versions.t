#!/bin/sh
# One query finds all versions of a document when they are first named. Old ones never change; new ones come with a
# refresh.
. "${0%/*}/lib.sh"; plan 42
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

is 'versions/ lists only a README' "$(ls -A "$versions")" README
is 'all versions of a document' "$(ls "$versions/Report" | paste -sd' ')" '1.txt 2.txt 3.md'
calls 'the versions of a document cost one query' '*' 1
is 'each version has its own bytes' "$(cat "$versions/Report"/*)" "$(printf 'first\nsecond, longer\nthird\n')"
is 'stat knows the size of each version' "$(stat -c %s "$versions/Report"/* | paste -sd' ')" '6 15 6'
is 'stat knows the date of each version' "$(stat -c %Y "$versions/Report/1.txt" "$versions/Report/2.txt" |
	paste -sd' ')" "$(stat -c %Y "$data/Report.versions/1.txt" "$data/Report.versions/2.txt" | paste -sd' ')"
calls 'each version costs one download' 'GET *VersionData' 3
calls 'reading versions costs no further query' 'GET */query' 1
is 'the latest version is the file of the document' "$(stat -c %i "$versions/Report/3.md")" \
	"$(stat -c %i "$MNT/documents/Report/Report.md")"
is 'versions in the directory of a document leads to its versions' "$(readlink "$MNT/documents/Report/versions") $(cat \
	"$MNT/documents/Report/versions/1.txt")" '../../versions/Report first'
is 'the directory of a document does not list versions' "$(ls -A "$MNT/documents/Report" | paste -sd' ')" \
	'Report.md metadata.json'
is 'diff compares two versions' "$(diff "$versions/Table/1.csv" "$versions/Table/2.csv")" '2a3
> 2'
is 'versions of a link and of a note can be read' "$(cat "$versions/Page/1.url" "$versions/Idea/1.html")" \
	"$(cat "$MNT/documents/Page/Page.url" "$MNT/documents/Idea/Idea.html")"
is 'README is a text, and the versions of a document README are .README' \
	"$(head -1 "$versions/README" | cut -c1-13) $(cat \
	"$versions/.README/1.txt") $(readlink "$MNT/documents/README/versions")" \
	'Every version read ../../versions/.README'
attribute() { getfattr --absolute-names --only-values -n "user.salesforce.$1" "$2" 2>&1; }
is 'each version has its own version_number and checksum' \
	"$(attribute version_number "$versions/Report/1.txt") $(attribute checksum \
	"$versions/Report/1.txt")" "1 $(printf 'first\n' | md5sum | cut -d' ' -f1)"
is 'each version has the document_id of its document' "$(attribute document_id "$versions/Report/1.txt")" \
	"$(jq -r .Id "$MNT/documents/Report/metadata.json")"
org_forget
for name in Nothing Report/4.txt Report/1.md Report/1 Report/Report.md Report/content; do
	[ ! -e "$versions/$name" ] || echo "$name"
done >"$TMP/bad"
is 'a version that does not exist is not there' "$(cat "$TMP/bad")" ''
calls 'a version that does not exist costs no call' '*' 0
find "$MNT" >"$TMP/found"
calls 'a walk makes no query for versions' 'GET *ContentVersion*' 0
is 'a walk finds no version' "$(grep -c "^$versions/." "$TMP/found")" 1

# A new version.
exec 3<"$versions/Report/3.md"
org change -d op=new-version -d title=Report -d path=Report.txt -d content=fourth -d 'reason=to be sure' >/dev/null
org_forget
is 'before a refresh a new version is not listed' "$(ls "$versions/Report" | wc -l)" 3
calls 'before a refresh a look at versions costs no call' '*' 0
fs_sync
is 'after a refresh a new version is listed and can be read' \
	"$(ls "$versions/Report" | paste -sd' ') $(cat "$versions/Report/4.txt")" \
	'1.txt 2.txt 3.md 4.txt fourth'
calls 'a refresh with a new version costs one query' 'GET */query' 1
is 'reason_for_change says why a version was made' "$(attribute reason_for_change "$versions/Report/4.txt") $(jq -r \
	.LatestPublishedVersion.ReasonForChange "$MNT/documents/Report/metadata.json")" 'to be sure to be sure'
like 'created says when a version was made' "$(attribute created "$versions/Report/4.txt")" '20??-??-??T??:??:??Z'
is 'old versions are unchanged' "$(cat "$versions/Report/3.md") $(stat -c %s "$versions/Report/3.md")" 'third 6'
is 'an open old version can be read' "$(cat <&3)" third
exec 3<&-
fs_sync
ls "$versions/Report" "$versions/Table" >/dev/null
calls 'after a refresh without a new version a look makes no query' 'GET */query' 1
org change -d op=rename -d title=Report -d to=Paper >/dev/null
fs_sync
is 'after a rename the versions are under the new name' "$(ls "$versions/Paper" | wc -l)" 4
ok 'after a rename the old name has no versions' not test -e "$versions/Report"
ls -i "$versions/Paper" "$versions/Table" >"$TMP/inodes"

fs_unmount; org_forget
fs_mount -o refresh=3600,tries=1
ls -i "$versions/Paper" "$versions/Table" >"$TMP/inodes2"
same 'after a remount versions have the same inode numbers' "$TMP/inodes" "$TMP/inodes2"
calls 'after a remount versions cost no query' 'GET */query' 0
org change -d op=delete -d title=Paper >/dev/null
fs_sync
ok 'after a deletion the versions are gone' not test -e "$versions/Paper/1.txt"
org change -d op=undelete -d title=Paper >/dev/null
fs_sync
is 'after an undelete the versions are back' "$(cat "$versions/Paper/1.txt")" first

# All at once.
on_demand() { jq .calls.on_demand "$MNT/.sffs/limits.json"; }
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
org_forget
fs_mount -o versions=all,refresh=3600,tries=1
calls 'versions=all costs one query more' 'GET *query*FROM ContentVersion*' 1
org_forget
is 'versions=all: versions/ lists all documents' "$(ls -A "$versions" | paste -sd' ')" \
	'.README Idea Many1 Many2 Many3 Page Paper README Table'
is 'versions=all: each document lists its versions' \
	"$(find "$versions" -type f | sed "s,^$versions/,," | sort | paste -sd' ')" \
	".README/1.txt .README/2.txt Idea/1.html Many1/1.txt Many2/1.txt Many3/1.txt Page/1.url Paper/1.txt \
Paper/2.txt Paper/3.md Paper/4.txt README Table/1.csv Table/2.csv"
calls 'versions=all: a walk over versions costs no call' '*' 0
before=$(on_demand)
for i in 1 2; do org change -d op=new-version -d title=Many$i -d content=new$i >/dev/null; done
fs_sync
is 'versions=all: a refresh brings the new versions' "$(ls "$versions/Many1" "$versions/Many2" | grep -c 2.txt)" 2
calls 'versions=all: a refresh costs one query for all new versions' 'GET */query' 1
is 'limits.json counts that query as a refresh' "$(on_demand)" "$before"
