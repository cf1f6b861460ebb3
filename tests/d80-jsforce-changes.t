#!/bin/sh
# All changes that an unmodified jsforce makes (documents, versions, folders, links) show after a refresh.
. "${0%/*}/lib.sh"; plan 21
jsforce=$("$TOP/tests/npm-install" jsforce@3.10.8) || exit 1
data=$TMP/data
mkdir -p "$data/Sales/2026" "$data/Acme Corp.account"
printf 'plan\n' >"$data/Sales/2026/Plan.txt"
printf 'gone\n' >"$data/Gone.txt"
printf 'letter\n' >"$data/Acme Corp.account/Letter.txt"
org_start --data "$data"
key() { sed -n "s/^$1 = //p" "$XDG_CONFIG_HOME/sffs/config"; }
second() { ok "the second client: $1" node "$TOP/tests/second-client.js" "$jsforce" "$ORG_URL" "$(key client_id)" \
	"$(key client_secret)" "$1"; fs_sync; }
fs_mount -o refresh=3600
is 'the mount lists documents, record, folder and version of the org' \
	"$(ls "$MNT/documents" | paste -sd' ') $(ls "$MNT/records/Account/Acme Corp") $(ls \
	"$MNT/libraries/Sales/2026") $(ls "$MNT/versions/Gone")" \
	'Gone Letter Plan Letter Plan 1.txt'

second upload
is 'an uploaded document can be read' "$(cat "$MNT/documents/Uploaded/Uploaded.csv" | paste -sd' ')" 'a,b 1,2'
is 'an uploaded document has its rows' "$(jq -c . "$MNT/documents/Uploaded/parsed/rows.jsonl")" '{"a":"1","b":"2"}'
is 'an uploaded document is listed by its record' "$(ls "$MNT/records/Account/Acme Corp" | paste -sd' ')" \
	'Letter Uploaded'
is 'an uploaded document has one version' "$(ls "$MNT/versions/Uploaded")" 1.csv

second revise
is 'a new version has its rows' "$(cat "$MNT/records/Account/Acme Corp"/*/parsed/rows.jsonl)" '{"a":"3","b":"4"}'
is 'a new version is listed beside the old one' "$(cat "$MNT/versions/Uploaded"/*.csv | paste -sd' ')" 'a,b 1,2 a,b 3,4'
is 'a new version has its reason for change' \
	"$(getfattr --absolute-names --only-values -n user.salesforce.reason_for_change \
	"$MNT/versions/Uploaded/2.csv")" better
is 'a renamed document has its new name everywhere' \
	"$(ls "$MNT/documents" | paste -sd,) $(readlink "$MNT/libraries/Sales/2026/Big Plan")" \
	'Big Plan,Gone,Letter,Uploaded ../../../documents/Big Plan'

second folder
is 'a new folder lists the moved document' "$(cat "$MNT/libraries/Sales/2027"/*/content)" plan
is 'the old folder is empty' "$(ls -A "$MNT/libraries/Sales/2026")" ''
is 'the library lists the same documents as before' "$(ls "$MNT/libraries/Sales")" 'Big Plan'

second unlink
is 'after the links are deleted the record lists nothing' "$(ls -A "$MNT/records/Account/Acme Corp")" ''
ok 'a renamed folder has its new name only' test -e "$MNT/libraries/Sales/Later/Big Plan/Big Plan.txt" -a ! -e \
	"$MNT/libraries/Sales/2027"
ok 'a deleted document is gone' not test -e "$MNT/documents/Gone"
ok 'the versions of a deleted document are gone' not test -e "$MNT/versions/Gone"
is 'the other documents are there' "$(ls "$MNT/documents" | paste -sd,)" 'Big Plan,Letter,Uploaded'
