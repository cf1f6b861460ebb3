#!/bin/sh
# The simulated org accepts and refuses writes like Salesforce: files by JSON and multipart, changes, links, folders,
# collections.
. "${0%/*}/lib.sh"

data=$TMP/data
mkdir -p "$data/Sales/2026" "$data/Legal" "$data/Acme.account" "$data/Old.archived"
echo plan >"$data/Sales/Plan.txt"; echo letter >"$data/Acme.account/Letter.txt"; echo mine >"$data/Mine.txt"; echo old \
	>"$data/Old.archived/Old.txt"
org_start --data "$data"
. "$TOP/tests/org.sh"

id() { query "SELECT Id FROM $1 WHERE ${3-Name} = '$2'" | jq -r '.records[0].Id'; }

# A file, by JSON
made=$(json POST sobjects/ContentVersion \
	'{"PathOnClient":"Report.v2.csv","VersionData":"YSxiCjEsMgo=",
	"Description":"of it","ContentModifiedDate":"2024-05-06T07:08:09.000+02:00"}')
version=$(printf %s "$made" | jq -r .id)
is 'POST of a ContentVersion by JSON answers 201 and the Id' \
	"$(printf %s "$made" | jq -c 'del(.id)') $(status) $(header Location)" \
	"{\"success\":true,\"errors\":[]} 201 /services/data/v66.0/sobjects/ContentVersion/$version"
is 'a posted version has the fields of its body' \
	"$(query \
	"SELECT Title, FileExtension, FileType, ContentSize, Checksum, VersionNumber, ContentModifiedDate, Description \
FROM ContentVersion WHERE Id = '$version'" | rows)" \
	"Report.v2/csv/CSV/8/$(printf 'a,b\n1,2\n' | md5sum | cut -c1-32)/1/2024-05-06T05:08:09.000+0000/of it"
is 'a posted version has its bytes' "$(api "sobjects/ContentVersion/$version/VersionData" | tr '\n' ' ')" 'a,b 1,2 '
document=$(query "SELECT ContentDocumentId FROM ContentVersion WHERE Id = '$version'" |
	jq -r '.records[0].ContentDocumentId')
is 'a posted document is linked to its owner' "$(query \
	"SELECT ShareType, Visibility FROM ContentDocumentLink WHERE ContentDocumentId = '$document'" | rows)" \
	I/AllUsers

# A file, by multipart
head -c 3000000 /dev/urandom >"$TMP/file"
printf '\r\n--b0undary\r\n' >>"$TMP/file"
json_part='{"Title":"Big","PathOnClient":"Big.bin"}'
upload() {
	part=$1 file=$2; shift 2
	api sobjects/ContentVersion -F "entity_content=$part;type=application/json" -F \
		"VersionData=@$file;type=application/octet-stream;filename=f" "$@"
}
version=$(upload "$json_part" "$TMP/file" | jq -r .id)
api "sobjects/ContentVersion/$version/VersionData" >"$TMP/blob"
same 'bytes posted by multipart come back unchanged' "$TMP/blob" "$TMP/file"
is 'bytes posted by multipart have their MD5' \
	"$(query "SELECT Checksum FROM ContentVersion WHERE Id = '$version'" | rows)" \
	"$(md5sum <"$TMP/file" | cut -c1-32)"
: >"$TMP/empty"
is 'an empty file can be posted' "$(query "SELECT ContentSize FROM ContentVersion WHERE Id = '$(upload \
	'{"PathOnClient":"Empty.txt"}' "$TMP/empty" | jq -r .id)'" | rows)" 0
is 'a chunked multipart body is accepted' \
	"$(upload '{"PathOnClient":"Chunked.txt"}' "$TMP/file" -H 'Transfer-Encoding: chunked' | jq .success)" \
	true
is 'a multipart body without a filename is refused' \
	"$(api sobjects/ContentVersion -F "entity_content=$json_part;type=application/json" -F \
	'VersionData=bytes;type=text/plain' | rows)" INVALID_MULTIPART_REQUEST
is 'a multipart body with another part name is refused' \
	"$(api sobjects/ContentVersion -F "entity_content=$json_part;type=application/json" -F \
	"Body=@$TMP/empty;type=text/plain" | rows)" INVALID_MULTIPART_REQUEST
is 'a multipart body with one part is refused' \
	"$(api sobjects/ContentVersion -F "entity_content=$json_part;type=application/json" | rows)" \
	INVALID_MULTIPART_REQUEST

# A new version
before=$(query "SELECT SystemModstamp FROM ContentDocument WHERE Id = '$document'" | rows)
org set -d skew=60
version=$(json POST sobjects/ContentVersion \
	"{\"ContentDocumentId\":\"$document\",\"PathOnClient\":\"Report.txt\",\"VersionData\":\"bmV3\",\
\"ReasonForChange\":\"why not\"}" | jq -r .id)
is 'a second version is the latest, with its own extension' \
	"$(query \
	"SELECT LatestPublishedVersionId, Title, FileExtension, LatestPublishedVersion.VersionNumber, \
LatestPublishedVersion.ReasonForChange FROM ContentDocument WHERE Id = '$document'" | rows)" \
	"$version/Report.v2/txt/2/why not"
ok 'a second version changes the SystemModstamp of the document' test "$before" != \
	"$(query "SELECT SystemModstamp FROM ContentDocument WHERE Id = '$document'" | rows)"
is 'one of two versions is the latest' \
	"$(query \
	"SELECT VersionNumber, IsLatest FROM ContentVersion WHERE ContentDocumentId = '$document' ORDER BY \
VersionNumber" | rows)" '1/false|2/true'
is 'an archived document takes no version' \
	"$(json POST sobjects/ContentVersion "{\"ContentDocumentId\":\"$(api queryAll -G \
	--data-urlencode "q=SELECT Id FROM ContentDocument WHERE Title = 'Old'" |
	jq -r '.records[0].Id')\",\"PathOnClient\":\"o.txt\",\"VersionData\":\"bmV3\"}" | rows)" \
	INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY

# The first place of a file
acme=$(id Account Acme) sales=$(id ContentWorkspace Sales) legal=$(id ContentWorkspace Legal)
first() { json POST sobjects/ContentVersion \
	"{\"Title\":\"$1\",\"PathOnClient\":\"f.txt\",\"VersionData\":\"eA==\",\"FirstPublishLocationId\":\"$2\"}"; }
first 'To a record' "$acme" >/dev/null
is 'FirstPublishLocationId links a document to a record' \
	"$(query \
	"SELECT ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = '$acme' AND \
ContentDocument.Title LIKE 'To %'" | rows)" 'To a record'
first 'To a library' "$sales" >/dev/null
is 'FirstPublishLocationId puts a document into a library' \
	"$(query "SELECT ParentId FROM ContentDocument WHERE Title = 'To a library'" | rows)" "$sales"
is 'FirstPublishLocationId of an unknown record is accepted' "$(first Nowhere 001000000000000AAA | jq .success)" true
is 'FirstPublishLocationId that is no Id is refused' "$(first Bad 001x | why)" \
	'MALFORMED_ID: FirstPublishLocationId: id value of incorrect type: 001x'

# Changes to a document
mine=$(id ContentDocument Mine Title) bob=$(id User bob.brown@example.com Username)
json PATCH "sobjects/ContentDocument/$mine" '{"Title":"Yours","Description":"text","SharingPrivacy":"P"}' >"$TMP/body"
is 'PATCH of a document answers 204 without a body' "$(status) $(wc -c <"$TMP/body")" '204 0'
is 'PATCH of a document changes its fields' \
	"$(query "SELECT Title, Description, SharingPrivacy, SharingOption FROM ContentDocument WHERE Id = '$mine'" |
	rows)" Yours/text/P/A
json PATCH "sobjects/ContentDocument/$mine" "{\"ParentId\":\"$legal\"}"
is 'PATCH of ParentId moves a document into a library' \
	"$(query "SELECT ParentContentFolder.Name FROM ContentFolderMember WHERE ChildRecordId = '$mine'" \
	| rows)" Legal
json PATCH "sobjects/ContentDocument/$mine" '{"ParentId":null,"IsArchived":true}'
is 'PATCH takes a document out of its library and archives it' \
	"$(query "SELECT Id FROM ContentDocument WHERE Id = '$mine'" |
	rows)$(api queryAll -G --data-urlencode \
	"q=SELECT IsArchived, ParentId FROM ContentDocument WHERE Id = '$mine'" | rows)" true/null
plan=$(id ContentDocument Plan Title)
api "sobjects/ContentDocument/$plan?_HttpMethod=PATCH" -H 'Content-Type: application/json' -d "{\"OwnerId\":\"$bob\"}"
is 'POST with _HttpMethod=PATCH changes the owner' \
	"$(query "SELECT Owner.Name FROM ContentDocument WHERE Id = '$plan'" | rows)" \
	'Bob Brown'
json PATCH "sobjects/ContentVersion/$version" '{"Title":"By its version","TagCsv":"a,b"}'
is 'PATCH of the latest version changes the document' "$(query \
	"SELECT Title, LatestPublishedVersion.TagCsv FROM ContentDocument WHERE Id = '$document'" | rows)" \
	'By its version/a,b'

# Refusals: method, path, body, code, and a part of the message
refused() {
	answer=$(json "$2" "$3" "$4")
	like "refused: $1" "$(status) $(printf %s "$answer" | why)" "$5"
}
V=sobjects/ContentVersion D=sobjects/ContentDocument/$document
refused 'new bytes for an old version' PATCH "$V/$version" '{"VersionData":"eA=="}' '400 INVALID_STATUS: *'
refused 'a version without PathOnClient' POST "$V" '{"Title":"x","VersionData":"eA=="}' \
	'400 REQUIRED_FIELD_MISSING: Required fields are missing: [[]PathOnClient]'
refused 'a version without bytes' POST "$V" '{"PathOnClient":"x"}' \
	'400 REQUIRED_FIELD_MISSING: Required fields are missing: [[]VersionData]'
refused 'bytes that are not base64' POST "$V" '{"PathOnClient":"x","VersionData":"!"}' '400 JSON_PARSER_ERROR: *base64*'
refused 'an unknown field' POST "$V" '{"Foo":"x"}' \
	"400 INVALID_FIELD: No such column 'Foo' on sobject of type ContentVersion"
refused 'a field that only the org sets' POST "$V" '{"Checksum":"x"}' '400 INVALID_FIELD_FOR_INSERT_UPDATE: *Checksum*'
refused 'a field that only a new version can have' PATCH "$V/$version" '{"PathOnClient":"x"}' \
	'400 INVALID_FIELD_FOR_INSERT_UPDATE: *PathOnClient*'
refused 'a title too long' PATCH "$D" "{\"Title\":\"$(head -c 256 /dev/zero | tr '\0' x)\"}" \
	'400 STRING_TOO_LONG: *(max length=255)'
refused 'a title of null' PATCH "$D" '{"Title":null}' '400 REQUIRED_FIELD_MISSING: *Title*'
refused 'a number as a title' PATCH "$D" '{"Title":1}' '400 JSON_PARSER_ERROR: *'
refused 'the Id of an account as an owner' PATCH "$D" "{\"OwnerId\":\"$acme\"}" \
	'400 INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: *'
refused 'an owner that is no Id' PATCH "$D" '{"OwnerId":"x"}' '400 MALFORMED_ID: *'
refused 'a body that is no JSON' POST "$V" '{' '400 JSON_PARSER_ERROR: *'
refused 'a document without a version' POST sobjects/ContentDocument '{"Title":"x"}' \
	'400 INVALID_TYPE_FOR_OPERATION: entity type cannot be inserted: ContentDocument'
refused 'an unknown record' PATCH sobjects/ContentDocument/069000000000000AAA '{"Title":"x"}' \
	'404 NOT_FOUND: *'
is 'refused: DELETE of a version' "$(api "$V/$version" -X DELETE | rows)" INVALID_TYPE_FOR_OPERATION
is 'refused: a body of another type' "$(api "$V" -H 'Content-Type: text/plain' -d x | rows) $(status)" \
	'UNSUPPORTED_MEDIA_TYPE 415'
is 'refused: a method that the resource lacks' "$(api query -X POST -d x | rows) $(status)" 'METHOD_NOT_ALLOWED 405'

# Links
L=sobjects/ContentDocumentLink
link=$(json POST $L \
	"{\"ContentDocumentId\":\"$document\",\"LinkedEntityId\":\"$acme\",\
\"ShareType\":\"V\",\"Visibility\":\"InternalUsers\"}" | jq -r .id)
is 'POST of a ContentDocumentLink makes a link' \
	"$(query \
	"SELECT ShareType, Visibility FROM ContentDocumentLink WHERE Id = '$link' AND ContentDocumentId = '$document'" |
	rows)" V/InternalUsers
refused 'a second link to the same record' POST $L \
	"{\"ContentDocumentId\":\"$document\",\"LinkedEntityId\":\"$acme\"}" \
	'400 DUPLICATE_VALUE: *already linked*'
refused 'an unknown share type' POST $L \
	"{\"ContentDocumentId\":\"$document\",\"LinkedEntityId\":\"$legal\",\"ShareType\":\"X\"}" \
	'400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: *'
json PATCH "$L/$link" '{"ShareType":"C"}'
is 'PATCH of a link changes its share type' \
	"$(query \
	"SELECT ShareType, Visibility FROM ContentDocumentLink WHERE LinkedEntityId = '$acme' AND ContentDocumentId = \
'$document'" | rows)" C/InternalUsers
api "$L/$link" -X DELETE
is 'DELETE of a link answers 204' "$(status) $(query \
	"SELECT ShareType FROM ContentDocumentLink WHERE LinkedEntityId = '$acme' AND ContentDocumentId = '$document'" \
	| rows)" '204 '
is 'a second DELETE of a link is ENTITY_IS_DELETED' "$(api "$L/$link" -X DELETE | rows)" ENTITY_IS_DELETED
owner=$(query "SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId = '$document'" | jq -r '.records[0].Id')
is 'the link of the owner cannot be deleted' "$(api "$L/$owner" -X DELETE | rows)" FIELD_INTEGRITY_EXCEPTION
json POST sobjects/ContentWorkspaceDoc "{\"ContentDocumentId\":\"$document\",\"ContentWorkspaceId\":\"$legal\"}" \
	>/dev/null
is 'POST of a ContentWorkspaceDoc adds a library' \
	"$(query "SELECT IsOwner FROM ContentWorkspaceDoc WHERE ContentDocumentId = '$document'" | rows)" \
	false

# Folders
root=$(query "SELECT RootContentFolderId FROM ContentWorkspace WHERE Id = '$sales'" | rows)
folder=$(json POST sobjects/ContentFolder "{\"Name\":\"New\",\"ParentContentFolderId\":\"$root\"}" | jq -r .id)
member=$(query "SELECT Id FROM ContentFolderMember WHERE ChildRecordId = '$plan'" | jq -r '.records[0].Id')
json PATCH "sobjects/ContentFolderMember/$member" "{\"ParentContentFolderId\":\"$folder\"}"
is 'PATCH of a folder member moves a document' \
	"$(query "SELECT Title FROM ContentFolderItem WHERE ParentContentFolderId = '$folder'" | rows)" \
	Plan
json PATCH "sobjects/ContentFolder/$folder" '{"Name":"Newer"}'
is 'PATCH of a folder renames it' "$(query \
	"SELECT Title FROM ContentFolderItem WHERE ParentContentFolderId = '$root' AND IsFolder = true ORDER BY Title" \
	| rows)" '2026|Newer'
is 'a document cannot move to a folder of another library' "$(json PATCH "sobjects/ContentFolderMember/$member" \
	"{\"ParentContentFolderId\":\"$(query "SELECT RootContentFolderId FROM ContentWorkspace WHERE Id = '$legal'" |
	rows)\"}" | rows)" \
	INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY
is 'a folder with a document cannot be deleted' "$(api "sobjects/ContentFolder/$folder" -X DELETE | rows)" DELETE_FAILED
json PATCH "sobjects/ContentFolderMember/$member" "{\"ParentContentFolderId\":\"$root\"}"
api "sobjects/ContentFolder/$folder" -X DELETE
is 'an empty folder can be deleted' "$(status) $(query "SELECT Name FROM ContentFolder WHERE Id = '$folder'" | rows)" \
	'204 '

# Records
is 'an Opportunity without StageName is refused' "$(json POST sobjects/Opportunity '{"Name":"x"}' | why)" \
	'REQUIRED_FIELD_MISSING: Required fields are missing: [StageName]'
deal=$(json POST sobjects/Opportunity \
	"{\"Name\":\"Deal\",\"StageName\":\"Prospecting\",\"CloseDate\":\"2026-12-31\",\"AccountId\":\"$acme\"}" |
	jq -r .id)
is 'an Opportunity has the fields of its body' \
	"$(query "SELECT Name, StageName, CloseDate, Account.Name FROM Opportunity WHERE CloseDate >= 2026-12-31" |
	rows)" 'Deal/Prospecting/2026-12-31/Acme'
jane=$(json POST sobjects/Contact '{"FirstName":"Jane","LastName":"Doe"}' | jq -r .id)
json PATCH "sobjects/Contact/$jane" '{"LastName":"Roe"}'
is 'PATCH of LastName changes the name of a contact' "$(query "SELECT Name FROM Contact WHERE Id = '$jane'" | rows)" \
	'Jane Roe'
json POST sobjects/Account '{"Name":"Acme"}' >/dev/null
is 'two accounts may have the same name' "$(query "SELECT Id FROM Account WHERE Name = 'Acme'" | jq .totalSize)" 2
api "sobjects/Opportunity/$deal" -X DELETE
is 'a deleted record is in queryAll only' \
	"$(query 'SELECT Id FROM Opportunity' | rows)$(api queryAll -G --data-urlencode \
	'q=SELECT Name, IsDeleted FROM Opportunity' | rows)" Deal/true

# Deleting a document
api "sobjects/ContentDocument/$document" -X DELETE
is 'DELETE of a document deletes its versions' \
	"$(status) $(query "SELECT Id FROM ContentVersion WHERE ContentDocumentId = '$document'" | rows)" '204 '
is 'a second DELETE of a document is 404 ENTITY_IS_DELETED' \
	"$(api "sobjects/ContentDocument/$document" -X DELETE) $(status)" \
	'[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}] 404'

# Collections
results() { jq -r '[.[] | if .success then "good" else .errors[0].statusCode end] | join(" ")'; }
records='[{"attributes":{"type":"Account"},"Name":"A"},{"attributes":{"type":"Account"},"Nothing":"x"},
	{"attributes":{"type":"Account"},"Name":"C"}]'
is 'a collection with allOrNone fails as a whole' \
	"$(json POST composite/sobjects "{\"allOrNone\":true,\"records\":$records}" | results)" \
	'ALL_OR_NONE_OPERATION_ROLLED_BACK INVALID_FIELD ALL_OR_NONE_OPERATION_ROLLED_BACK'
is 'a collection that failed as a whole made no record' \
	"$(query "SELECT Id FROM Account WHERE Name IN ('A', 'C')" | rows)" ''
is 'a collection without allOrNone makes the valid records' \
	"$(json POST composite/sobjects "{\"allOrNone\":false,\"records\":$records}" | results)" \
	'good INVALID_FIELD good'
ids=$(query "SELECT Id FROM Account WHERE Name IN ('A', 'C')" | jq -r '[.records[].Id] | join(",")')
is 'a GET of a collection has a record for each Id' \
	"$(api "composite/sobjects/Account?ids=$ids,001000000000000AAA&fields=Name" |
	jq -c '[.[] | .Name]')" '["A","C",null]'
is 'a DELETE of a collection answers for each Id' \
	"$(api "composite/sobjects?ids=$ids,001000000000000AAA&allOrNone=false" -X DELETE | results)" \
	'good good NOT_FOUND'
many=$(jq -nc '{records: [range(201) | {attributes: {type: "Account"}, Name: "x"}]}')
is 'a collection of 201 records is refused' "$(json POST composite/sobjects "$many" | rows)" EXCEEDED_ID_LIMIT

# Composite: several requests in one call
part() { printf '{"method":"GET","url":"/services/data/v66.0/%s","referenceId":"%s"}' "$1" "$2"; }
composite() { json POST composite "{\"compositeRequest\":[$1]}"; }
used() { api limits >/dev/null; header Sforce-Limit-Info; }
org set -d query-all-files=0 >/dev/null
before=$(used)
is 'composite answers each of its requests' \
	"$(composite "$(part 'query?q=SELECT+Id+FROM+ContentDocumentLink+LIMIT+1' files),$(part \
	'query?q=SELECT+Name+FROM+ContentWorkspace+ORDER%20BY%20Name' libraries)" |
	jq \
	-c '[.compositeResponse[] | [.referenceId, .httpStatusCode,
	(.body | if type == "array" then .[0].errorCode else .records[].Name end)]]')" \
	'[["files",400,"MALFORMED_QUERY"],["libraries",200,"Legal","Sales"]]'
is 'composite costs one call' "$(($(used | sed 's/.*=//;s,/.*,,') - $(echo "$before" | sed 's/.*=//;s,/.*,,')))" 2
is 'composite reads a record, and reports a resource that does not exist' \
	"$(composite "$(part "sobjects/Account/$(id Account Acme)?fields=Name" account),$(part \
	sobjects/Nothing none)" |
	jq \
	-c '[.compositeResponse[] | [.httpStatusCode,
	(.body | if type == "array" then .[0].errorCode else .Name end)]]')" '[[200,"Acme"],[404,"NOT_FOUND"]]'
for bad in '' '{}' "$(part composite/x a)" "$(part limits 'a b')" "$(part limits a),$(part limits a)" \
	'{"method":"GET","url":"/services/data/v66.0/composite/tree/Account","referenceId":"a"}' \
	'{"method":"GET","url":"https://evil.example/","referenceId":"a"}' \
	"$(for i in 1 2 3 4 5 6; do part "query?q=x" "q$i"; [ $i = 6 ] || echo ,; done)" \
	"$(for i in $(seq 26); do part limits "l$i"; [ $i = 26 ] || echo ,; done)"; do
	composite "$bad" | rows
done >"$TMP/bad"
is 'composite refuses nine kinds of bad requests' "$(sort "$TMP/bad" | uniq -c | tr -s ' ')" ' 9 JSON_PARSER_ERROR'
is 'composite refuses VersionData' "$(composite \
	"$(part "sobjects/ContentVersion/$(query 'SELECT Id FROM ContentVersion WHERE ContentSize > 0 LIMIT 1' |
	jq -r '.records[0].Id')/VersionData" a)" | jq '.compositeResponse[0].httpStatusCode')" 400

kill "$ORG_PID"; wait "$ORG_PID"
is 'the org exits 0 on SIGTERM' "$?" 0
ORG_PID=
plan $number
