#!/bin/sh
# Dates from year 1 to year 9999 are right everywhere: st_mtime, the record, the lists, and the order by age.
. "${0%/*}/lib.sh"; plan 26
data=$TMP/data
mkdir "$data"
dates='0001-01-01T00:00:00 1582-10-15T12:30:01 1900-02-28T23:59:59 1969-12-31T23:59:59 1970-01-01T00:00:00
9999-12-31T23:59:59'
for date in $dates; do echo "$date" >"$data/D${date%%-*}.txt"; done
echo younger >"$data/Same.txt"
org_start --data "$data"
docs=$MNT/documents
older=$(org change -d op=add -d title=Same -d path=Older.md -d content=older | cut -d' ' -f1)
org change -d op=date -d "id=$older" -d "created=$(date -u -d 1812-06-24 +%s)" >/dev/null
for date in $dates; do
	at=$(date -u -d "$date" +%s)
	org change -d op=date -d "title=D${date%%-*}" -d "created=$at" -d "modified=$at" -d "stamp=$at" >/dev/null
done
fs_mount -o refresh=3600
is 'documents of all dates are listed' "$(ls "$docs" | paste -sd,)" D0001,D1582,D1900,D1969,D1970,D9999,Same,Same.txt
is 'the older of two documents with one title has the name' "$(cat "$docs/Same/Same.md" "$docs/Same.txt/Same.txt")" \
	'olderyounger'
for date in $dates; do
	name=D${date%%-*}
	is "a document of $date has this date" \
		"$(date -u -d "@$(stat -c %Y "$docs/$name/$name.txt")" +%Y-%m-%dT%H:%M:%S)" "$date"
	is "the record of a document has $date" "$(jq -r '.CreatedDate, .ContentModifiedDate, .SystemModstamp' \
		"$docs/$name/metadata.json" | uniq)" "$date.000+0000"
	ok "documents.tsv has $date" grep -q "	${date}Z	" "$MNT/.sffs/documents.tsv"
	is "metadata.json itself has the date $date" \
		"$(date -u -d "@$(stat -c %Y "$docs/$name/metadata.json")" +%Y-%m-%dT%H:%M:%S)" "$date"
done
