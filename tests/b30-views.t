#!/bin/sh
# The views of real CSV files match what Python's csv module reads, and agree with one another.
. "${0%/*}/lib.sh"; plan 16
data=$TMP/data
mkdir "$data"
cp -p /usr/share/distro-info/*.csv "$data"
vega=$("$TOP/tests/npm-fetch" vega-datasets@3.2.1) || exit 1
cp "$vega"/data/*.csv "$vega"/data/*.tsv "$data"
[ "$(ls "$data" | wc -l)" -ge 20 ] || exit 1
org_start --data "$data"
fs_mount -o refresh=3600
org_forget

views() { python3 "$TOP/tests/views.py" "$1" "$data" "$MNT"; }
is 'parsed/ lists only a README' "$(ls -A "$MNT/parsed")" README
is 'every CSV document has its views' "$(ls -d "$MNT"/documents/*/parsed/ | wc -l)" "$(ls "$data" | wc -l)"
is 'a document that is not CSV has none' "$(ls "$MNT/parsed/nothing" 2>&1 | grep -c 'No such file')" 1
is 'table.tsv is what Python reads' "$(views table.tsv)" ''
is 'rows.tsv is the table without its first line' "$(for d in "$MNT"/documents/*/parsed;
	do tail -n +2 "$d/table.tsv" | cmp - "$d/rows.tsv"; done)" ''
is 'header is the first line of table.tsv' \
	"$(for d in "$MNT"/documents/*/parsed; do head -1 "$d/table.tsv" | tr '\t' '\n' |
	cmp - "$d/header"; done)" ''
is 'rows.jsonl is what Python reads' "$(views rows.jsonl)" ''
is 'jq makes rows.tsv of rows.jsonl, where no record is short' \
	"$(grep -l '^short.0$' "$MNT"/documents/*/parsed/info.tsv |
	while read -r i; do d=${i%/*}; jq -r '[.[]]|@tsv' "$d/rows.jsonl" | cmp - "$d/rows.tsv"; done)" ''
is 'table.csv is what Python reads' "$(views table.csv)" ''
is 'info.tsv has the number of records' "$(for d in "$MNT"/documents/*/parsed;
	do sed -n 's/^records\t//p' "$d/info.tsv"; done)" \
	"$(for d in "$MNT"/documents/*/parsed; do wc -l <"$d/rows.tsv"; done)"
is 'errors.tsv has a line for each short record' "$(awk '$4 == "short-record"' "$MNT"/documents/*/parsed/errors.tsv |
	wc -l)" \
	"$(awk '$1 == "short" { n += $2 } END { print n }' "$MNT"/documents/*/parsed/info.tsv)"
is 'parsed/ lists only a README after all views were looked at' "$(ls -A "$MNT/parsed")" README
calls 'each document is downloaded once' 'GET */VersionData' "$(ls "$data" | wc -l)"
calls 'views make no query' 'GET */query*' 0

fs_unmount; org_forget
fs_mount -o refresh=3600
is 'after a remount stat knows the sizes of the views' \
	"$(find -L "$MNT"/documents/*/parsed/ -type f -printf '%s\n' | paste -sd+ |
	bc)" \
	"$(find -L "$MNT"/documents/*/parsed/ -type f -exec cat {} + | wc -c)"
calls 'after a remount stat downloads nothing' 'GET */VersionData' 0
