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

is 'records/ lists only a README' "$(ls -A "$records")" README
is 'the directory of an object lists nothing' "$(ls -A "$records/Account")" ''
calls 'a look at an object costs one call: describe' '*' 1
org_forget
is 'a record lists its documents by its name' "$(ls "$records/Account/Acme Corp" | sed 's/ (069.*//' | paste -sd' ')" \
	'Letter Mine Sales'
calls 'one query for the record' 'GET *query?q=SELECT Id, Name FROM Account WHERE Name = *' 1
calls 'one query for the links of the record' 'GET *query*ContentDocumentLink*' 1
calls 'a look at a record makes no other call' '*' 2
is 'the views of the CSV documents of a record can be read' \
	"$(cat "$records/Account/Acme Corp"/*/parsed/rows.jsonl | jq -r .amount |
	paste -sd+)" '1+2'
is 'the entries of a record are links into documents/' "$(readlink "$records/Account/Acme Corp/Mine")" \
	../../../documents/Mine
calls 'the views of a record cost one download' 'GET *VersionData' 1
calls 'the views of a record cost no other call' '*' 3
is 'a record lists its documents by its Id' "$(ls "$records/$acme")" "$(ls "$records/Account/Acme Corp")"
is 'the documents of a record can be read by its Id' \
	"$(cat "$records/$acme/Mine/Mine.txt") $(readlink "$records/$acme/Mine")" 'mine ../../documents/Mine'
is 'a record lists its documents by 15 characters of its Id' "$(ls "$records/$(printf %.15s "$acme")")" \
	"$(ls "$records/$acme")"
calls 'name and Id share the answer about the links' 'GET *query*ContentDocumentLink*' 1
is 'the documents of a contact can be read' "$(cat "$records/Contact/Jane Doe"/CV*/content)" cv
is 'the documents of an opportunity can be read' "$(cat "$records/Opportunity/Renewal"/*/content)" offer
is 'a record without documents is an empty directory' "$(ls -A "$records/Account/Empty")" ''
org_forget
is 'a record of an object whose names are in another field is found' "$(ls -A "$records/ContentDocument/Mine")" ''
calls 'describe says in which field the names are' \
	"GET *SELECT Id, Title FROM ContentDocument WHERE Title = 'Mine' ORDER*" 1
is 'a user lists the documents that are linked to it' \
	"$(ls "$records/$(jq -r .OwnerId "$MNT/documents/Mine/metadata.json")")" Mine

# Names and SOQL.
is 'a name with quotes and percent signs is found' "$(cat "$records/Account/O'Hara \"& Sons\" 100%"/*/content)" quoted
is 'a name with a backslash is found' "$(cat "$records/Account/Back\\slash"/*/content)" back
is 'a / in a name is written _' "$(cat "$records/Account/Maersk A_S"/*/content)" ship
is 'a _ in a name is found' "$(cat "$records/Account/A_B"/*/content)" underscore
post Account '{"Name":"AxB"}' >/dev/null
ok 'a _ stands for no other character than / and _' not test -e "$records/Account/A_C"
is 'a name in other letters is another name' "$(ls "$records/Account/acme corp" 2>&1 | grep -c 'No such file')" 1
org_forget
for name in "x' OR Name != '" "' OR '' = '" "\\' OR Id != null OR Name = \\'" 'x%' '%' '*' "Acme Corp'" 'Acme Corp\' \
	"Acme Corp\\' --" 'Acme Corp"' "'" '\' \
	"Acme Corp (${acme%?}X)" "x' LIMIT 1" "$(printf 'a\tb')" "$(printf 'a\nb')"; do
	[ ! -e "$records/Account/$name" ] || echo "$name"
done >"$TMP/injected"
is 'a name with SOQL in it finds nothing' "$(cat "$TMP/injected")" ''
is 'the org understood every query' "$(grep -c 'Salesforce answered' "$MNT/.sffs/log")" 0
org journal | cut -f7 | grep -c "WHERE Name \(=\|LIKE\) '\(\\\\.\|[^'\\\\]\)*' ORDER BY Id LIMIT 200$" >"$TMP/good"
is 'each name is one literal of its query' "$(cat "$TMP/good")" "$(org_count 'GET *')"
org_forget
for name in Account-x 'Account x' 'Acc;ount' 1Account .. "Account'" 'Account,Contact' Äccount 001 001000000000001AAB; do
	[ "$name" = .. ] || [ ! -e "$records/$name/x" ] || echo "$name"
done >"$TMP/bad"
is 'a name that is neither an object nor an Id does not exist' "$(cat "$TMP/bad")" ''
calls 'a name that is neither an object nor an Id costs no call' '*' 0
like 'an object that the org does not have does not exist' "$(ls "$records/Nothing" 2>&1)" '*No such file*'
ok 'a record of an unknown object does not exist' not test -e "$records/Nothing/x"
calls 'an unknown object costs one call' '*' 1
org_forget
like 'a record that the org does not have does not exist' "$(ls "$records/Account/Nobody" 2>&1)" '*No such file*'
ok 'an Id of no record does not exist' not test -e "$records/001000000000001AAA"
calls 'a missing name and a missing Id cost a call each' '*' 2

# Namesakes.
post Account '{"Name":"Globex"}' >/dev/null
like 'a name that two records have is refused' "$(ls "$records/Account/Globex" 2>&1)" '*not unique*'
line=$(grep 'Account/Globex' "$MNT/.sffs/log")
like 'the log lists them' "$line" "*2 records have this name*Globex (001*), Globex (001*)"
both=$(echo "$line" | grep -o 'Globex (001[^)]*)')
is 'each of two records with one name has a name with its Id' \
	"$(echo "$both" | while read -r n; do ls -d "$records/Account/$n"; done | wc -l)" 2
ok 'a name with the Id of another record does not exist' not test -e "$records/Account/Other${both#Globex}"

# Changes in the org.
document=$(jq -r .Id "$MNT/documents/Mine/metadata.json")
link=$(post ContentDocumentLink "{\"ContentDocumentId\":\"$document\",\"LinkedEntityId\":\"$(id Account \
	Empty)\",\"ShareType\":\"V\"}" | jq -r .id)
org_forget
ok 'a document that is not linked to a record is not there' not test -e "$records/Account/Empty/Mine"
is 'before a refresh a new link does not show' "$(ls "$records/Account/Empty")" ''
calls 'looks before a refresh cost no call' '*' 0
fs_sync
is 'after a refresh a new link shows' "$(cat "$records/Account/Empty/Mine/Mine.txt")" mine
calls 'the look after a refresh costs a query for the record and one for its links' 'GET */query' 2
api "sobjects/ContentDocumentLink/$link" -X DELETE
fs_sync
is 'after a refresh a deleted link is gone' "$(ls "$records/Account/Empty")" ''
letter=$(ls "$records/Account/Acme Corp" | grep Letter)
exec 3<"$MNT/documents/$letter/Letter.txt"
org change -d op=new-version -d title=Letter -d path=Letter.txt -d content=newer >/dev/null
fs_sync
is 'after a refresh an unlisted document has its new version' "$(cat "$records/Account/Acme Corp/$letter/Letter.txt")" \
	newer
is 'an open file of an unlisted document stays as it was' "$(cat <&3)" letter
exec 3<&-

# A walk costs nothing.
org_forget
find "$MNT" >"$TMP/found"
is 'a walk over the mount finds no record' "$(grep -c "^$records/." "$TMP/found")" 1
calls 'a walk over the mount makes no call' '*' 0

# Portable names.
fs_unmount
fs_mount -o names=portable
is 'with portable names a record is found in other letters' "$(ls "$records/Account/ACME corp" | wc -l)" 3
is 'with portable names a record with quotes is found' "$(cat "$records/Account/o'hara _& sons_ 100%"/*/content)" quoted

# Offline.
fs_unmount
org set -d query-all-files=0 >/dev/null
fs_mount -o refresh=0,tries=1
cat "$records/Account/Acme Corp"/*/content >/dev/null
org_forget
ls "$records/Account/Acme Corp" >/dev/null
ok 'with refresh=0 each look asks' test "$(org_count 'GET *ContentDocumentLink*')" -gt 0
kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
is 'without the org known records list their documents' "$(cat "$records/Account/Acme Corp"/*/content | sort |
	paste -sd' ')" 'name,amount newermine x,1 y,2'
fs_unmount
fs_mount -o tries=1 2>/dev/null
is 'without the org known records list their documents after a remount' \
	"$(cat "$records/Account/Acme Corp"/*/parsed/rows.jsonl | jq -r .amount | paste -sd+)" '1+2'
like 'without the org an unknown record is ETIMEDOUT' "$(ls "$records/Account/Unseen" 2>&1)" '*timed out*'
fs_unmount
"$BUILD/sffs" -o offline=fail,tries=1 sim "$MNT" 2>/dev/null
is 'offline=fail mounts nothing' "$?" 5
