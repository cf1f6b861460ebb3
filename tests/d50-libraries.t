#!/bin/sh
# Libraries list their documents without a call; folders work by name, with one query each; browse lists them too.
. "${0%/*}/lib.sh"; plan 51
data=$TMP/data
mkdir -p "$data/Sales/2026/Q3" "$data/Sales/Empty" "$data/Legal" "$data/README" "$data/A_B"
printf 'plan\n' >"$data/Sales/Plan.txt"
printf 'a,b\n1,2\n' >"$data/Sales/2026/Q3/Numbers.csv"
printf 'q3\n' >"$data/Sales/2026/Q3/Notes.txt"
printf 'nda\n' >"$data/Legal/NDA.txt"
printf 'read\n' >"$data/README/Me.txt"
printf 'mine\n' >"$data/Mine.txt"
printf 'slash\n' >"$data/A_B/Slash.txt"
org_start --data "$data"
key() { sed -n "s/^$1 = //p" "$XDG_CONFIG_HOME/sffs/config"; }
TOKEN=$(curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=client_credentials -d "client_id=$(key client_id)" -d \
	"client_secret=$(key client_secret)" | jq -r .access_token)
api() { api_path=$1; shift; curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
	"$ORG_URL/services/data/v62.0/$api_path" "$@"; }
id() { api query -G --data-urlencode "q=SELECT Id FROM $1 WHERE ${3-Name} = '$2'" | jq -r '.records[0].Id'; }
api "sobjects/ContentWorkspace/$(id ContentWorkspace A_B)" -X PATCH -d '{"Name":"A/B"}'
fs_mount -o refresh=3600,tries=1
libraries=$MNT/libraries
org_forget

is 'libraries/ lists the libraries' "$(ls "$libraries" | sed 's/ (058.*/ (058)/' | paste -sd,)" \
	'A_B,Legal,README,README (058),Sales'
calls 'the list of libraries costs no call after the mount' '*' 0
is 'a library lists all its documents' "$(ls "$libraries/Sales" | paste -sd' ')" 'Notes Numbers Plan'
is 'the entries of a library are links into documents/' "$(readlink "$libraries/Sales/Plan")" ../../documents/Plan
is 'the documents of a library can be read' "$(cat "$libraries/Sales/Plan/Plan.txt" "$libraries/A_B/Slash/Slash.txt")" \
	'plan
slash'
is 'README is a text, and a library with that name has its Id in its name' "$(cat "$libraries/README" | head -1 |
	cut -c1-10) $(cat "$libraries/README ("*/Me/Me.txt)" 'Libraries. read'
calls 'a look at libraries makes no query' 'GET */query' 0
org_forget
is 'a folder works by its name' "$(ls "$libraries/Sales/2026")" Q3
calls 'a folder costs one query for the library and one for the folder' '*' 2
is 'a folder below a folder works by its name' "$(ls "$libraries/Sales/2026/Q3" | paste -sd' ')" 'Notes Numbers'
calls 'a folder below a folder costs one query' '*' 3
is 'the entries of a folder are links into documents/' "$(readlink "$libraries/Sales/2026/Q3/Numbers")" \
	../../../../documents/Numbers
is 'the views of a document can be read through a folder' "$(cat "$libraries/Sales/2026/Q3/"*/parsed/rows.tsv)" \
	'1	2'
is 'an empty folder is an empty directory' "$(ls -A "$libraries/Sales/Empty")" ''
is 'find in a folder sees each entry once' "$(cd "$libraries/Sales/2026" && find . | sort | paste -sd' ')" \
	'. ./Q3 ./Q3/Notes ./Q3/Numbers'
is '.. of a folder is the folder above' "$(cd -P "$libraries/Sales/2026/Q3" && ls -id .. | cut -d' ' -f1)" \
	"$(ls -id "$libraries/Sales/2026" | cut -d' ' -f1)"
org_forget
for name in Nothing Sales/Nothing Sales/2026/Nothing Sales/Plan/Nothing Legal/2026 "x' OR Name != '/y" Mine; do
	[ ! -e "$libraries/$name" ] || echo "$name"
done >"$TMP/bad"
is 'a name that no library has does not exist' "$(cat "$TMP/bad")" ''
calls 'the missing names cost one query, for the other library' '*' 1

# A walk costs nothing once the libraries are known.
org_forget
find "$MNT" >"$TMP/found"
calls 'a walk over the mount costs no call' '*' 0
is 'a walk sees each document of a library once' \
	"$(grep -c "^$libraries/Sales/Numbers$" "$TMP/found") $(grep -c "^$libraries/Sales/." "$TMP/found")" '1 3'
ls -id "$libraries/Sales" "$libraries/Sales/2026/Q3" "$libraries/Sales/Plan" >"$TMP/inodes"

# Changes in the org.
folder=$(id ContentFolder 2026)
api "sobjects/ContentFolder/$folder" -X PATCH -d '{"Name":"Next"}'
plan=$(jq -r .Id "$MNT/documents/Plan/metadata.json")
member=$(api query -G --data-urlencode "q=SELECT Id FROM ContentFolderMember WHERE ChildRecordId = '$plan'" |
	jq -r '.records[0].Id')
api "sobjects/ContentFolderMember/$member" -X PATCH -d "{\"ParentContentFolderId\":\"$folder\"}"
org change -d op=add -d title=New -d content=new -d library=Sales >/dev/null
is 'before a refresh libraries and folders are as before' \
	"$(ls "$libraries/Sales/2026" | paste -sd' ') $(ls "$libraries/Sales" |
	paste -sd' ')" 'Q3 Notes Numbers Plan'
fs_sync
is 'after a refresh a folder has its new name' "$(ls "$libraries/Sales/Next" | paste -sd' ')" 'Plan Q3'
ok 'after a refresh the old name of a folder is gone' not test -e "$libraries/Sales/2026"
is 'after a refresh a library lists a new document' "$(ls "$libraries/Sales" | paste -sd' ')" 'New Notes Numbers Plan'
api "sobjects/ContentDocument/$plan" -X PATCH -d "{\"ParentId\":\"$(id ContentWorkspace Legal)\"}"
fs_sync
is 'after a refresh a moved document is in the other library' \
	"$(ls "$libraries/Legal" | paste -sd' ') $(ls "$libraries/Sales" |
	paste -sd' ')" 'NDA Plan New Notes Numbers'
api "sobjects/ContentFolder/$folder" -X PATCH -d '{"Name":"2026"}'
api "sobjects/ContentDocument/$plan" -X PATCH -d "{\"ParentId\":\"$(id ContentWorkspace Sales)\"}"
fs_sync

# The list of libraries is kept. sffs asks again when a document or a name belongs to an unknown library, and with the
# list of all Ids.
org_forget
ls -lR "$libraries" >/dev/null
calls 'a refresh leaves the list of libraries as it is' '*' 0
org change -d op=add -d title=Ledger -d content=x -d library=Finance >/dev/null
org change -d op=add -d title=Hat -d content=x -d library=Wardrobe >/dev/null
fs_sync
org_forget
is 'a document in a new library shows it' \
	"$(ls "$libraries" | grep -c '^Finance$\|^Wardrobe$') $(ls "$libraries/Finance")" '2 Ledger'
calls 'a new library costs one call' '*' 1
api "sobjects/ContentWorkspace/$(id ContentWorkspace Finance)" -X PATCH -d '{"Name":"Money"}'
fs_sync
org_forget
is 'a new name works by name' "$(ls "$libraries/Money")" Ledger
calls 'the new name of a library costs one call' '*' 1
is 'the new name of a library is listed from then on' \
	"$(ls "$libraries" | grep -c '^Money$') $(ls "$libraries" | grep -c '^Finance$')" '1 0'
api "sobjects/ContentWorkspace/$(id ContentWorkspace Money)" -X PATCH -d '{"Name":"Cash"}'
echo full >"$MNT/.sffs/refresh"
org_forget
is 'a full refresh brings the new names of libraries' \
	"$(ls "$libraries" | grep -c '^Cash$') $(ls "$libraries" | grep -c '^Money$')" '1 0'
calls 'after a full refresh the list of libraries costs no call' '*' 0
legal=$(id ContentWorkspace Legal)
api "sobjects/ContentWorkspace/$legal" -X PATCH -d '{"Name":"A_B"}'
echo full >"$MNT/.sffs/refresh"
is 'two libraries whose names are written alike have their Ids in their names' \
	"$(ls "$libraries" | grep -c '^A_B (058') $(ls -d "$libraries/A_B" 2>/dev/null)" '2 '
api "sobjects/ContentWorkspace/$legal" -X PATCH -d '{"Name":"Legal"}'
echo full >"$MNT/.sffs/refresh"
org change -d op=delete -d title=Ledger >/dev/null
org change -d op=delete -d title=Hat >/dev/null
fs_sync

# Failures serve the last answer.
ls -R "$libraries/Sales/2026" >"$TMP/before"
org fault -d kind=error -d status=500 --data-urlencode 'match=GET */query*' -d times=forever >/dev/null
fs_sync 2>/dev/null
ls -R "$libraries/Sales/2026" >"$TMP/after"
same 'a folder lists the last answer when a query fails' "$TMP/before" "$TMP/after"
org fault/clear -X POST >/dev/null
fs_unmount

# browse
org_forget
fs_mount -o browse,refresh=3600,tries=1
is 'with browse parsed/ lists all CSV documents' "$(ls "$MNT/parsed" | paste -sd' ')" 'Numbers README'
is 'with browse parsed/ lists each document once' "$(find "$MNT/parsed" -maxdepth 1 | sort | uniq -d)" ''
calls 'with browse parsed/ costs no query' 'GET */query' 0
fs_sync
is 'with browse libraries list their folders' "$(ls "$libraries/Sales" | paste -sd' ')" \
	'2026 Empty New Notes Numbers Plan'
calls 'with browse the folders of a library cost one query' 'GET */query' 1
is 'with browse a walk finds folders in folders' \
	"$(find "$libraries/Sales" -type d | sort | sed "s,^$libraries/,," | paste \
	-sd' ')" 'Sales Sales/2026 Sales/2026/Q3 Sales/Empty'
org change -d op=add -d title=2026 -d content=x -d library=Sales >/dev/null
fs_sync
is 'a folder with the name of a document has its Id in its name' "$(ls "$libraries/Sales" | grep 2026 |
	sed 's/(07H.*)/(07H)/' | paste -sd,)" '2026,2026 (07H)'
is 'a folder with its Id in its name lists what is in it' "$(ls "$libraries/Sales/2026 (07H"*/Q3 | paste -sd' ')" \
	'Notes Numbers'
org change -d op=delete -d title=2026 >/dev/null
fs_unmount

# Answers that are odd. This mount has a list of its own.
answer() { org fault -d kind=body --data-urlencode "match=GET *FROM $1 *" --data-urlencode \
	"body={\"totalSize\":2,\"done\":$2,\"nextRecordsUrl\":\"/services/data/v62.0/query/0r8-1\",\"records\":[$3]}" \
	>/dev/null; }
answer ContentWorkspace true '{"Id":"058000000000001AAA","Name":"Rooted","RootContentFolderId":"07H000000000001AAA"},
	{"Id":"058000000000002AAA","Name":"Rootless","RootContentFolderId":null}'
XDG_CACHE_HOME=$TMP/other "$BUILD/sffs" -o refresh=3600,tries=1 sim "$MNT"
org_forget
like 'a library that has no root folder has no folders' "$(ls "$libraries/Rootless/Folder" 2>&1)" '*No such file*'
calls 'sffs asks for no folder without an Id' 'GET *ContentFolderItem*' 0
answer ContentFolderItem false '{"Id":"07H000000000002AAA","Title":"Folder","IsFolder":true}'
like 'a folder whose second page the org has lost cannot be listed' "$(ls "$libraries/Rooted/Folder" 2>&1)" \
	'*Input/output error*'
like 'the log says that the org has lost its place' "$(tail -1 "$MNT/.sffs/log")" \
	'*Salesforce has lost its place in the answer'
fs_unmount

fs_mount -o refresh=3600
ls -id "$libraries/Sales" "$libraries/Sales/2026/Q3" "$libraries/Sales/Plan" >"$TMP/inodes2"
same 'inode numbers of libraries and folders are the same in every mount' "$TMP/inodes" "$TMP/inodes2"
fs_unmount
kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
fs_mount -o tries=1 2>/dev/null
is 'without the org known libraries and folders are there' "$(ls "$libraries/Sales/2026/Q3" |
	paste -sd' ') $(cat "$libraries/Sales/Plan/Plan.txt")" 'Notes Numbers plan'
like 'without the org an unknown folder is ETIMEDOUT' "$(ls "$libraries/A_B/Folder" 2>&1)" '*timed out*'
ok 'names of libraries are exact' not test -e "$libraries/sales"
