#!/bin/sh
# The documents of a record are found by its name or Id, with one query for the name and one for the links. No name gets
# into the text of a query.
. "${0%/*}/lib.sh"; plan 59
data=$TMP/data
mkdir -p "$data/Acme Corp.account/Jane Doe.contact" "$data/Globex.account" "$data/Renewal.opportunity" \
	"$data/Empty.account" "$data/O'Hara \"& Sons\" 100%.account" \
	"$data/Back\\slash.account" "$data/Maersk.account" "$data/A_B.account"
printf 'name,amount\nx,1\ny,2\n' >"$data/Acme Corp.account/Sales.csv"
printf 'letter\n' >"$data/Acme Corp.account/Letter.txt"
printf 'cv\n' >"$data/Acme Corp.account/Jane Doe.contact/CV.txt"
printf 'offer\n' >"$data/Renewal.opportunity/Offer.txt"
printf 'mine\n' >"$data/Mine.txt"
printf 'quoted\n' >"$data/O'Hara \"& Sons\" 100%.account/Quoted.txt"
printf 'back\n' >"$data/Back\\slash.account/Back.txt"
printf 'ship\n' >"$data/Maersk.account/Ship.txt"
printf 'underscore\n' >"$data/A_B.account/Underscore.txt"
ln -s ../Mine.txt "$data/Acme Corp.account/Mine.txt"
org_start --data "$data"
key() { sed -n "s/^$1 = //p" "$XDG_CONFIG_HOME/sffs/config"; }
TOKEN=$(curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=client_credentials -d "client_id=$(key client_id)" -d \
	"client_secret=$(key client_secret)" | jq -r .access_token)
api() { api_path=$1; shift; curl -sS -H "Authorization: Bearer $TOKEN" "$ORG_URL/services/data/v62.0/$api_path" "$@"; }
post() { api "sobjects/$1" -H 'Content-Type: application/json' -d "$2"; }
id() { api query -G --data-urlencode "q=SELECT Id FROM $1 WHERE Name = '$2'" | jq -r '.records[0].Id'; }
acme=$(id Account 'Acme Corp')
api "sobjects/Account/$(id Account Maersk)" -X PATCH -H 'Content-Type: application/json' -d '{"Name":"Maersk A/S"}'
org set -d query-all-files=0 >/dev/null
fs_mount -o refresh=3600,tries=1
records=$MNT/records
org_forget

is 'records lists a README only' "$(ls -A "$records")" README
is 'an object lists nothing' "$(ls -A "$records/Account")" ''
calls 'once it is known to be one' '*' 1
org_forget
is 'the documents of a record, by name' "$(ls "$records/Account/Acme Corp" | sed 's/ (069.*//' | paste -sd' ')" \
	'Letter Mine Sales'
calls 'one query for the record' 'GET *query?q=SELECT Id, Name FROM Account WHERE Name = *' 1
calls 'one for its links' 'GET *query*ContentDocumentLink*' 1
calls 'and no other call' '*' 2
is 'a CSV of an account is rows' "$(cat "$records/Account/Acme Corp"/*/parsed/rows.jsonl | jq -r .amount |
	paste -sd+)" '1+2'
is 'they are links into documents' "$(readlink "$records/Account/Acme Corp/Mine")" ../../../documents/Mine
calls 'one download' 'GET *VersionData' 1
calls 'and still no other call' '*' 3
is 'by Id' "$(ls "$records/$acme")" "$(ls "$records/Account/Acme Corp")"
is 'which reads' "$(cat "$records/$acme/Mine/Mine.txt") $(readlink "$records/$acme/Mine")" 'mine ../../documents/Mine'
is 'with 15 characters' "$(ls "$records/$(printf %.15s "$acme")")" "$(ls "$records/$acme")"
calls 'the links were known' 'GET *query*ContentDocumentLink*' 1
is 'of a contact' "$(cat "$records/Contact/Jane Doe"/CV*/content)" cv
is 'of an opportunity' "$(cat "$records/Opportunity/Renewal"/*/content)" offer
is 'a record without documents is empty' "$(ls -A "$records/Account/Empty")" ''
org_forget
is 'an object whose names are in another field' "$(ls -A "$records/ContentDocument/Mine")" ''
calls 'which describe tells' "GET *SELECT Id, Title FROM ContentDocument WHERE Title = 'Mine' ORDER*" 1
is 'a user has documents too' "$(ls "$records/$(jq -r .OwnerId "$MNT/documents/Mine/metadata.json")")" Mine

# Names and SOQL.
is 'quotes and percent signs' "$(cat "$records/Account/O'Hara \"& Sons\" 100%"/*/content)" quoted
is 'a backslash' "$(cat "$records/Account/Back\\slash"/*/content)" back
is 'a / is written _' "$(cat "$records/Account/Maersk A_S"/*/content)" ship
is 'a _ is itself' "$(cat "$records/Account/A_B"/*/content)" underscore
post Account '{"Name":"AxB"}' >/dev/null
ok 'and no other character' not test -e "$records/Account/A_C"
is 'other letters are another name' "$(ls "$records/Account/acme corp" 2>&1 | grep -c 'No such file')" 1
org_forget
for name in "x' OR Name != '" "' OR '' = '" "\\' OR Id != null OR Name = \\'" 'x%' '%' '*' "Acme Corp'" 'Acme Corp\' \
	"Acme Corp\\' --" 'Acme Corp"' "'" '\' \
	"Acme Corp (${acme%?}X)" "x' LIMIT 1" "$(printf 'a\tb')" "$(printf 'a\nb')"; do
	[ ! -e "$records/Account/$name" ] || echo "$name"
done >"$TMP/injected"
is 'nothing can be injected' "$(cat "$TMP/injected")" ''
is 'the org understood every question' "$(grep -c 'Salesforce answered' "$MNT/.sffs/log")" 0
org journal | cut -f7 | grep -c "WHERE Name \(=\|LIKE\) '\(\\\\.\|[^'\\\\]\)*' ORDER BY Id LIMIT 200$" >"$TMP/good"
is 'each as one literal' "$(cat "$TMP/good")" "$(org_count 'GET *')"
org_forget
for name in Account-x 'Account x' 'Acc;ount' 1Account .. "Account'" 'Account,Contact' Äccount 001 001000000000001AAB; do
	[ "$name" = .. ] || [ ! -e "$records/$name/x" ] || echo "$name"
done >"$TMP/bad"
is 'a name that is neither an object nor an Id is not there' "$(cat "$TMP/bad")" ''
calls 'at no call' '*' 0
like 'nor an object that there is not' "$(ls "$records/Nothing" 2>&1)" '*No such file*'
ok 'nor a record of one' not test -e "$records/Nothing/x"
calls 'at one call' '*' 1
org_forget
like 'nor a record that there is not' "$(ls "$records/Account/Nobody" 2>&1)" '*No such file*'
ok 'nor by its Id' not test -e "$records/001000000000001AAA"
calls 'at a call each' '*' 2

# Namesakes.
post Account '{"Name":"Globex"}' >/dev/null
like 'two records of one name are refused' "$(ls "$records/Account/Globex" 2>&1)" '*not unique*'
line=$(grep 'Account/Globex' "$MNT/.sffs/log")
like 'the log lists them' "$line" "*2 records have this name*Globex (001*), Globex (001*)"
both=$(echo "$line" | grep -o 'Globex (001[^)]*)')
is 'each has a name of its own' "$(echo "$both" | while read -r n; do ls -d "$records/Account/$n"; done | wc -l)" 2
ok 'which is of that record' not test -e "$records/Account/Other${both#Globex}"

# What changes.
document=$(jq -r .Id "$MNT/documents/Mine/metadata.json")
link=$(post ContentDocumentLink "{\"ContentDocumentId\":\"$document\",\"LinkedEntityId\":\"$(id Account \
	Empty)\",\"ShareType\":\"V\"}" | jq -r .id)
org_forget
ok 'a document that is not linked is not there' not test -e "$records/Account/Empty/Mine"
is 'a link that is made' "$(ls "$records/Account/Empty")" ''
calls 'shows not before a refresh' '*' 0
fs_sync
is 'shows after it' "$(cat "$records/Account/Empty/Mine/Mine.txt")" mine
calls 'at a query for the record and one for its links' 'GET */query' 2
api "sobjects/ContentDocumentLink/$link" -X DELETE
fs_sync
is 'and goes again' "$(ls "$records/Account/Empty")" ''
letter=$(ls "$records/Account/Acme Corp" | grep Letter)
exec 3<"$MNT/documents/$letter/Letter.txt"
org change -d op=new-version -d title=Letter -d path=Letter.txt -d content=newer >/dev/null
fs_sync
is 'a new version of an unlisted document' "$(cat "$records/Account/Acme Corp/$letter/Letter.txt")" newer
is 'an open file goes on' "$(cat <&3)" letter
exec 3<&-

# A walk costs nothing.
org_forget
find "$MNT" >"$TMP/found"
is 'a walk finds no record' "$(grep -c "^$records/." "$TMP/found")" 1
calls 'and asks for nothing' '*' 0

# Portable names.
fs_unmount
fs_mount -o names=portable
is 'portable names have no case' "$(ls "$records/Account/ACME corp" | wc -l)" 3
is 'nor quotes' "$(cat "$records/Account/o'hara _& sons_ 100%"/*/content)" quoted

# Offline.
fs_unmount
org set -d query-all-files=0 >/dev/null
fs_mount -o refresh=0,tries=1
cat "$records/Account/Acme Corp"/*/content >/dev/null
org_forget
ls "$records/Account/Acme Corp" >/dev/null
ok 'refresh=0 asks at every look' test "$(org_count 'GET *ContentDocumentLink*')" -gt 0
kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
is 'answers that have come are there without the org' "$(cat "$records/Account/Acme Corp"/*/content | sort |
	paste -sd' ')" 'name,amount newermine x,1 y,2'
fs_unmount
fs_mount -o tries=1 2>/dev/null
is 'after a remount too' "$(cat "$records/Account/Acme Corp"/*/parsed/rows.jsonl | jq -r .amount | paste -sd+)" '1+2'
like 'others time out' "$(ls "$records/Account/Unseen" 2>&1)" '*timed out*'
fs_unmount
"$BUILD/sffs" -o offline=fail,tries=1 sim "$MNT" 2>/dev/null
is 'offline=fail mounts nothing' "$?" 5
