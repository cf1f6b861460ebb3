#!/bin/sh
# A folder with the same name as a document in its library or folder is there as `Name (Id)`.
. "${0%/*}/lib.sh"; plan 6
data=$TMP/data
mkdir -p "$data/Sales/Plan/Deep/Plan"
printf 'document\n' >"$data/Sales/Plan.txt"
printf 'in the folder\n' >"$data/Sales/Plan/Inside.txt"
printf 'beside a folder\n' >"$data/Sales/Plan/Deep.txt"
printf 'deep\n' >"$data/Sales/Plan/Deep/Bottom.txt"
org_start --data "$data"
fs_mount -o browse
sales=$MNT/libraries/Sales
is 'a name that document and folder share is the document' "$(cat "$sales/Plan/content")" document
like 'browse lists the folder as Name (Id)' "$(ls "$sales" | grep '^Plan ')" 'Plan (07H???????????????)'
folder=$(ls "$sales" | grep '^Plan ')
is 'the folder Name (Id) lists what is in it' "$(ls "$sales/$folder" | sed 's/ (07H.*/ (07H)/' | paste -sd,)" \
	'Deep,Deep (07H),Inside'
is 'a folder Name (Id) in another lists what is in it' "$(ls "$sales/$folder/Deep ("* | paste -sd' ')" 'Bottom Plan'
fs_unmount
fs_mount
is 'without browse, too' "$(cat "$sales/$folder/Inside/content")" 'in the folder'
is 'without browse a library lists documents only' "$(ls "$sales" | paste -sd,)" 'Bottom,Deep,Inside,Plan'
