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
is 'before' "$(ls "$MNT/documents" | paste -sd' ') $(ls "$MNT/records/Account/Acme Corp") $(ls \
	"$MNT/libraries/Sales/2026") $(ls "$MNT/versions/Gone")" \
	'Gone Letter Plan Letter Plan 1.txt'

second upload
is 'a document' "$(cat "$MNT/documents/Uploaded/Uploaded.csv" | paste -sd' ')" 'a,b 1,2'
is 'its rows' "$(jq -c . "$MNT/documents/Uploaded/parsed/rows.jsonl")" '{"a":"1","b":"2"}'
is 'its link' "$(ls "$MNT/records/Account/Acme Corp" | paste -sd' ')" 'Letter Uploaded'
is 'its one version' "$(ls "$MNT/versions/Uploaded")" 1.csv

second revise
is 'a new version' "$(cat "$MNT/records/Account/Acme Corp"/*/parsed/rows.jsonl)" '{"a":"3","b":"4"}'
is 'beside the old one' "$(cat "$MNT/versions/Uploaded"/*.csv | paste -sd' ')" 'a,b 1,2 a,b 3,4'
is 'and why' "$(getfattr --absolute-names --only-values -n user.salesforce.reason_for_change \
	"$MNT/versions/Uploaded/2.csv")" better
is 'a new name' "$(ls "$MNT/documents" | paste -sd,) $(readlink "$MNT/libraries/Sales/2026/Big Plan")" \
	'Big Plan,Gone,Letter,Uploaded ../../../documents/Big Plan'

second folder
is 'a new folder' "$(cat "$MNT/libraries/Sales/2027"/*/content)" plan
is 'the old one is empty' "$(ls -A "$MNT/libraries/Sales/2026")" ''
is 'the library has the same documents as before' "$(ls "$MNT/libraries/Sales")" 'Big Plan'

second unlink
is 'no link is left' "$(ls -A "$MNT/records/Account/Acme Corp")" ''
ok 'the folder has another name' test -e "$MNT/libraries/Sales/Later/Big Plan/Big Plan.txt" -a ! -e \
	"$MNT/libraries/Sales/2027"
ok 'the deleted documents are gone' not test -e "$MNT/documents/Gone"
ok 'with its versions' not test -e "$MNT/versions/Gone"
is 'the rest is there' "$(ls "$MNT/documents" | paste -sd,)" 'Big Plan,Letter,Uploaded'
