#!/bin/sh
# Documents with the same Title have the names that sffs-tree(5) describes.
. "${0%/*}/lib.sh"; plan 5
data=$TMP/data
mkdir "$data"
printf 'x\n' >"$data/other.txt"
org_start --data "$data"
add() { org change -d op=add -d title="$1" -d path="$2" -d content=x | cut -d' ' -f1; }
add Same Same.txt >/dev/null
add Same Same.txt >/dev/null
third=$(add Same Same.txt)
fourth=$(add Same Same.txt)
add Same Same.csv >/dev/null
sixth=$(add Same.txt Same.txt)
add metadata metadata.json >/dev/null
fs_mount
is 'five documents of one title have five names, and a title like one of these gets a sixth name' \
	"$(ls "$MNT/documents" | grep Same | sort | paste -sd,)" \
	"$(printf '%s\n' Same "Same ($third)" "Same ($fourth)" Same.csv Same.txt "Same.txt ($sixth)" | sort |
	paste -sd,)"
is 'a file is called by its title, also in a directory with a longer name' \
	"$(ls "$MNT/documents/Same.csv" "$MNT/documents/Same.txt ($sixth)" | paste -sd,)" \
	"$MNT/documents/Same.csv:,Same.csv,metadata.json,parsed,,\
$MNT/documents/Same.txt ($sixth):,Same.txt,metadata.json"
is 'a file titled metadata.json keeps its name' "$(cat "$MNT/documents/metadata/metadata.json")" x
is 'its record is .metadata.json' "$(jq -r .Title "$MNT/documents/metadata/.metadata.json")" metadata
org change -d op=delete -d id="$(org document -G -d title=Same | cut -d' ' -f1)" >/dev/null
fs_sync
is 'when the oldest is deleted the next one takes its name, and a third one takes the name of the second' \
	"$(ls "$MNT/documents" | grep Same | sort | paste -sd,)" \
	"$(printf '%s\n' Same Same.txt "Same ($fourth)" Same.csv "Same.txt ($sixth)" | sort | paste -sd,)"
