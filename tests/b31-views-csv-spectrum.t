#!/bin/sh
# csv-spectrum is a suite of CSV files with their content as JSON: rows.jsonl says the same of each.
. "${0%/*}/lib.sh"; plan 14
spectrum=$("$TOP/tests/npm-fetch" csv-spectrum@2.0.0) || exit 1
org_start --data "$spectrum/csvs"
fs_mount

# The suite contradicts itself in one place: the file has another telephone number than its JSON.
objects='if type == "array" then .[] else . end |
	if .["Contact Phone Number"] then .["Contact Phone Number"] = "2095257564" else . end'
n=0
for json in "$spectrum"/json/*.json; do
	title=${json##*/}; title=${title%.json}; n=$((n + 1))
	is "csv-spectrum: rows.jsonl of $title is the JSON of the suite" "$(jq -cS . "$MNT/parsed/$title/rows.jsonl")" \
		"$(jq -cS "$objects" "$json")"
done
is 'csv-spectrum has twelve files' "$n" 12
is 'only location_coordinates has a quote out of place' "$(grep -l '^clean.no$' "$MNT"/documents/*/parsed/info.tsv)" \
	"$MNT/documents/location_coordinates/parsed/info.tsv"
