#!/bin/sh
# The simulated org has records, libraries, folders, notes and links: who sees them, and which queries need a filter.
. "${0%/*}/lib.sh"

data=$TMP/data
mkdir -p "$data/Sales/2026/Q3" "$data/Legal" "$data/Acme.account/Jane Doe.contact" "$data/Renewal.opportunity" \
	"$data/Old.archived" "$data/bob.brown.user"
echo plan >"$data/Sales/Plan.txt"; echo q3 >"$data/Sales/2026/Q3/Numbers.csv"; echo nda >"$data/Legal/NDA.txt"
echo letter >"$data/Acme.account/Letter.txt"; echo cv >"$data/Acme.account/Jane Doe.contact/CV.txt"; echo offer \
	>"$data/Renewal.opportunity/Offer.txt"
echo old >"$data/Old.archived/Old.txt"; echo his >"$data/bob.brown.user/His.txt"; echo mine >"$data/Mine.txt"
echo '<p>Idea</p>' >"$data/Idea.snote"; echo 'https://www.example.com/?a=1&b=2' >"$data/Page.link"; echo \
	GOOGLE_SPREADSHEET >"$data/Sheet.external"
ln -s ../Legal/NDA.txt "$data/Sales/NDA.txt"; ln -s ../Mine.txt "$data/Acme.account/Mine.txt"
org_start --data "$data"

key() { sed -n "s/^$1 = //p" "$XDG_CONFIG_HOME/sffs/config"; }
TOKEN=$(curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=client_credentials -d "client_id=$(key client_id)" -d \
	"client_secret=$(key client_secret)" |
	jq -r .access_token)
VERSION=66.0
api() { api_path=$1; shift; curl -sS -H "Authorization: Bearer $TOKEN" "$ORG_URL/services/data/v$VERSION/$api_path" \
	"$@"; }
query() { soql=$1; shift; api query -G --data-urlencode "q=$soql" "$@"; }
all() { api queryAll -G --data-urlencode "q=$1"; }
# rows: the values of a query's answer, a / between fields and a | between records.
rows() {
	jq -r 'if type == "array" then .[0].errorCode
	else [.records[] | del(.. | .attributes?) | [.. | scalars | tostring] | join("/")] | join("|") end'; }
why() { jq -r '.[0].message'; }
id() { query "SELECT Id FROM $1 WHERE ${3-Name} = '$2'" | jq -r '.records[0].Id'; }

# Records
acme=$(id Account Acme) jane=$(id Contact 'Jane Doe') renewal=$(id Opportunity Renewal)
like 'a directory NAME.account is an Account' "$acme" '001*'
is 'a directory NAME.contact is a Contact with its account' \
	"$(query 'SELECT FirstName, LastName, Name, Account.Name FROM Contact' | jq -r \
	'.records[0] | "\(.FirstName) \(.LastName) \(.Name) \(.Account.Name)"')" \
	'Jane Doe Jane Doe Acme'
is 'a directory NAME.opportunity is an Opportunity without an account' \
	"$(query 'SELECT Name, Account.Name FROM Opportunity' | rows)" 'Renewal/null'
is 'an Opportunity can be read by its Id' "$(api "sobjects/Opportunity/$renewal?fields=Name" | jq -r .Name)" Renewal
linked() { query "SELECT ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = '$1'" | jq -r \
	'[.records[].ContentDocument.Title] | sort | join("|")'; }
is 'links of an account lead to its documents' "$(linked "$acme")" 'Letter|Mine'
is 'links of a contact lead to its document' "$(linked "$jane")" CV
is 'links of an opportunity lead to its document' "$(linked "$renewal")" Offer
is 'links of the contacts of an account have their entity' \
	"$(query \
	"SELECT LinkedEntity.Name, LinkedEntity.Type FROM ContentDocumentLink WHERE LinkedEntityId IN (SELECT Id FROM \
Contact WHERE AccountId = '$acme')" |
	jq -r '.records[].LinkedEntity | "\(.Type) \(.Name)"')" 'Contact Jane Doe'
is 'links of a document lead to its owner and its account' \
	"$(query "SELECT LinkedEntityId, ShareType FROM ContentDocumentLink WHERE ContentDocumentId = '$(id \
	ContentDocument Mine Title)'" |
	jq -r '[.records[] | "\(.LinkedEntityId[0:3]) \(.ShareType)"] | join("|")')" '005 I|001 V'
is 'links of an unknown entity are none' "$(linked 001000000000000AAA)" ''

# Query All Files, and private documents
titles() { query 'SELECT Title FROM ContentDocument ORDER BY Title' | rows; }
is 'with Query All Files a query finds all documents' "$(titles)" \
	'CV|His|Idea|Letter|Mine|NDA|Numbers|Offer|Page|Plan|Sheet'
letter=$(id ContentDocument Letter Title) his=$(id ContentDocument His Title)
org set -d query-all-files=0
is 'without Query All Files a query finds only the documents of the user' "$(titles)" \
	'Idea|Mine|NDA|Numbers|Page|Plan|Sheet'
is 'without it a document that a record leads to is found by its Id' \
	"$(query "SELECT Title FROM ContentDocument WHERE Id = '$letter'" | rows)" \
	Letter
is 'without it the versions of such a document are found' \
	"$(query "SELECT Title FROM ContentVersion WHERE ContentDocumentId = '$letter'" | rows)" Letter
is 'without it links of a record lead to its documents' "$(linked "$acme")" 'Letter|Mine'
is 'without it a private document is not found' "$(query "SELECT Title FROM ContentDocument WHERE Id = '$his'" |
	rows) $(api "sobjects/ContentDocument/$his" | rows)" ' NOT_FOUND'
is 'queryAll finds archived documents' "$(all 'SELECT Title FROM ContentDocument WHERE IsArchived = true' | rows)" Old

# Required filters
is 'ContentDocumentLink without a filter is refused' "$(query 'SELECT Id FROM ContentDocumentLink' | why)" \
	"Implementation restriction: ContentDocumentLink requires a filter by a single Id on \
ContentDocumentId or LinkedEntityId using the equals operator or multiple Id's using the IN operator."
like 'ContentDocumentLink with a filter on the document only is refused' \
	"$(query \
	"SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId = '$letter' AND ContentDocument.Title = 'Letter'" |
	why)" \
	'*filtering on non-id fields is only permitted when filtering by ContentDocumentLink.LinkedEntityId*'
is 'ContentDocumentLink with a filter on the entity is accepted' "$(query \
	"SELECT ShareType FROM ContentDocumentLink WHERE LinkedEntityId = '$acme' AND ContentDocument.Title = \
'Letter'" | rows)" V
org set -d query-all-files=1
VERSION=58.0
is 'before v59 Query All Files does not allow ContentDocumentLink without a filter' \
	"$(query 'SELECT Id FROM ContentDocumentLink' | rows)" \
	MALFORMED_QUERY
VERSION=59.0
is 'from v59 on Query All Files allows ContentDocumentLink without a filter' \
	"$(query 'SELECT COUNT() FROM ContentDocumentLink' | jq .totalSize)" 19
VERSION=66.0
like 'ContentFolderItem without a filter is refused' "$(query 'SELECT Id FROM ContentFolderItem' | why)" \
	"*ContentFolderItem requires a filter by Id or ParentContentFolderId using the equals or 'IN' operator"
like 'ContentFolderMember without a filter is refused' "$(query 'SELECT Id FROM ContentFolderMember' | why)" \
	'*requires a filter by a single Id, ChildRecordId or ParentContentFolderId using the equals operator'
is 'ContentFolderMember with IN is refused' \
	"$(query "SELECT Id FROM ContentFolderMember WHERE ChildRecordId IN ('$letter')" | rows)" MALFORMED_QUERY

# Libraries and folders
is 'each library directory is a ContentWorkspace with a root folder' \
	"$(query \
	'SELECT Name, DeveloperName, WorkspaceType, RootContentFolder.Name FROM ContentWorkspace ORDER BY Name' |
	jq -r '[.records[] | "\(.Name) \(.DeveloperName) \(.WorkspaceType) \(.RootContentFolder.Name)"] | join("|")')" \
	'Legal Legal R Legal|Sales Sales R Sales'
sales=$(id ContentWorkspace Sales)
root=$(query "SELECT RootContentFolderId FROM ContentWorkspace WHERE Id = '$sales'" |
	jq -r '.records[0].RootContentFolderId')
is 'the root folder of a library has a document and a folder' "$(query \
	"SELECT Title, IsFolder, FileExtension, FileType FROM ContentFolderItem WHERE ParentContentFolderId = '$root'" |
	jq -r '[.records[] | "\(.Title) \(.IsFolder) \(.FileExtension) \(.FileType)"] | join("|")')" \
	'Plan false txt TEXT|2026 true null null'
folder=$(query "SELECT Id FROM ContentFolder WHERE Name = 'Q3'" | jq -r '.records[0].Id')
is 'ContentFolderItem with IN finds the documents of two folders' \
	"$(query \
	"SELECT Title FROM ContentFolderItem WHERE ParentContentFolderId IN ('$folder', '$root') AND IsFolder = false" |
	rows)" 'Numbers|Plan'
is 'a folder leads to its parents' \
	"$(query \
	"SELECT Name, ParentContentFolder.Name, ParentContentFolder.ParentContentFolder.Name FROM ContentFolder WHERE \
Id = '$folder'" | rows)" 'Q3/2026/Sales'
is 'members of a folder are its documents' "$(query \
	"SELECT ChildRecord.Title FROM ContentFolderMember WHERE ParentContentFolderId = '$folder'" |
	jq -r '.records[].ChildRecord.Title')" Numbers
is 'links of a library lead to its documents' "$(linked "$sales")" 'NDA|Numbers|Plan'
is 'ContentWorkspaceDoc says which document the library owns' \
	"$(query "SELECT ContentDocument.Title, IsOwner FROM ContentWorkspaceDoc WHERE ContentWorkspaceId = '$sales'" |
	jq -r '[.records[] | "\(.ContentDocument.Title) \(.IsOwner)"] | sort | join("|")')" \
	'NDA false|Numbers true|Plan true'
is 'ParentId of a document is the library that owns it' \
	"$(query "SELECT ParentId FROM ContentDocument WHERE Title = 'Plan'" | rows)" \
	"$sales"

# Other kinds
kind() { query \
	"SELECT FileType, FileExtension, ContentLocation, ContentUrl, ContentSize, Checksum FROM ContentVersion WHERE \
Title = '$1'" | jq -c '.records[0] | del(.attributes) | [.[]]'; }
is 'a file NAME.snote is a note' "$(kind Idea)" '["SNOTE","snote","S",null,12,null]'
is 'a file NAME.link is a link' "$(kind Page)" '["LINK",null,"S","https://www.example.com/?a=1&b=2",0,null]'
is 'a file NAME.external is stored elsewhere' "$(kind Sheet)" '["GOOGLE_SPREADSHEET",null,"E",null,0,null]'
blob() { api "sobjects/ContentVersion/$(id ContentVersion "$1" Title)/VersionData"; }
is 'VersionData of a note has its HTML' "$(blob Idea)" '<p>Idea</p>'
is 'VersionData of a link is NOT_FOUND' "$(blob Page | rows)" NOT_FOUND
is 'VersionData of an external file is NOT_FOUND' "$(blob Sheet | rows)" NOT_FOUND
is 'ContentBody cannot be queried' "$(query 'SELECT Id FROM ContentBody' |
	rows) $(query 'SELECT Id FROM ContentBody' | why)" \
	'INVALID_TYPE_FOR_OPERATION entity type ContentBody does not support query'
is 'ContentDocument has no getDeleted' "$(api sobjects/ContentDocument/describe |
	jq .replicateable) $(api \
	'sobjects/ContentDocument/deleted/?start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z' | rows)" \
	'false INVALID_TYPE_FOR_OPERATION'
plan $number
