#!/bin/sh
# The simulated org runs several requests in one, trees of records, upserts and searches, and finds records by paths.
. "${0%/*}/lib.sh"

mkdir -p "$TMP/data/Acme.account"
echo letter >"$TMP/data/Acme.account/Letter.txt"
org_start --data "$TMP/data"
. "$TOP/tests/org.sh"
part() { printf '{"method":"%s","url":"/services/data/v66.0/%s","referenceId":"%s"%s}' "$1" "$2" "$3" \
	"${4:+,\"body\":$4}"; }
composite() { json POST composite "{\"allOrNone\":${all-false},\"compositeRequest\":[$1]}"; }
answers() { jq -c '[.compositeResponse[] | [.httpStatusCode, (.body | if type == "array" then .[0].errorCode else
	.success // .totalSize end)]]'; }

# Composite
is 'composite makes a record, and a later part refers to it' "$(composite "$(part POST sobjects/Account a \
	'{"Name":"Parent"}'),$(part POST sobjects/Contact c '{"LastName":"Child","AccountId":"@{a.id}"}'),$(part GET \
	'query?q=SELECT+Id+FROM+Contact+WHERE+AccountId=%27@{a.id}%27' q),$(part PATCH 'sobjects/Account/@{a.id}' u \
	'{"Phone":"7"}'),$(part GET 'query?q=SELECT+Phone+FROM+Account+WHERE+Id=%27@{a.id}%27' r)" | answers)" \
	'[[201,true],[201,true],[200,1],[204,null],[200,1]]'
is 'a part of a composite changed the record' "$(query "SELECT Phone, (SELECT LastName FROM Contacts) FROM Account \
WHERE Name = 'Parent'" | jq -c '.records[0] | [.Phone, .Contacts.records[0].LastName]')" '["7","Child"]'
is 'a reference without a value halts its part' "$(composite "$(part POST sobjects/Account a \
	'{"Foo":"x"}'),$(part POST \
	sobjects/Contact c '{"LastName":"No","AccountId":"@{a.id}"}')" | answers)" \
	'[[400,"INVALID_FIELD"],[400,"PROCESSING_HALTED"]]'
is 'with allOrNone a failed part takes back the others' "$(all=true composite "$(part POST sobjects/Account a \
	'{"Name":"Undone"}'),$(part POST sobjects/Contact c '{"Foo":"@{a.id}"}')" | answers)" \
	'[[400,"PROCESSING_HALTED"],[400,"INVALID_FIELD"]]'
is 'nothing is left of a record that was taken back' "$(query "SELECT Id FROM Account WHERE Name = 'Undone'" |
	rows)$(api queryAll -G --data-urlencode "q=SELECT Id FROM Account WHERE Name = 'Undone'" | rows)" ''
is 'batch answers each of its requests' "$(json POST composite/batch \
	'{"batchRequests":[{"method":"GET","url":"v66.0/limits"},
	{"method":"POST","url":"v66.0/sobjects/Account","richInput":{"Name":"Batch"}},
	{"method":"GET","url":"v66.0/nothing"}]}' |
	jq -c '[.hasErrors, [.results[].statusCode]]')" '[true,[200,201,404]]'
is 'a batch that halts answers 412 for the rest' "$(json POST composite/batch '{"haltOnError":true,"batchRequests":[
	{"method":"GET","url":"v66.0/nothing"},{"method":"GET","url":"v66.0/limits"}]}' |
	jq -c '[.results[] | [.statusCode, .result[0].errorCode]]')" \
	'[[404,"NOT_FOUND"],[412,"BATCH_PROCESSING_HALTED"]]'

# Trees
tree='{"records":[{"attributes":{"type":"Account","referenceId":"a1"},"Name":"Tree","Contacts":{"records":[
	{"attributes":{"type":"Contact","referenceId":"c1"},"LastName":"Leaf"%s}]}}]}'
# shellcheck disable=SC2059 # a format
is 'a tree makes records and their children' "$(json POST composite/tree/Account "$(printf "$tree" '')" |
	jq -c '[.hasErrors, [.results[].referenceId]]') $(status)" '[false,["a1","c1"]] 201'
# shellcheck disable=SC2059 # a format
is 'a tree with a bad leaf is refused as a whole' "$(json POST composite/tree/Account "$(printf "$tree" ',"Foo":1')" |
	jq -c '[.hasErrors, [.results[] | [.referenceId, .errors[0].statusCode]]]') $(status)" \
	'[true,[["c1","INVALID_FIELD"]]] 400'
is 'one tree was made' "$(query "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Tree'" |
	jq -c '[.totalSize, .records[0].Contacts.records[0].LastName]')" '[1,"Leaf"]'

# Upserts
upsert() { json PATCH "sobjects/Account/External_Id__c/$1" "$2" | jq -c '[.success, .created]'; }
is 'an upsert makes a record' "$(upsert x1 '{"Name":"Up"}') $(status)" '[true,true] 201'
is 'an upsert changes the record that it made' "$(upsert x1 '{"Phone":"1"}') $(status)" '[true,false] 200'
is 'a record is found by its external Id' "$(api sobjects/Account/External_Id__c/x1 | jq -c '[.Name, .Phone]')" \
	'["Up","1"]'
is 'an unknown external Id is 404' "$(api sobjects/Account/External_Id__c/x2 | rows) $(status)" 'NOT_FOUND 404'
json POST sobjects/Account '{"Name":"Twin","External_Id__c":"x1"}' >/dev/null
is 'an upsert of an external Id that two records have is refused' "$(json PATCH sobjects/Account/External_Id__c/x1 \
	'{"Phone":"2"}' | rows)" DUPLICATE_EXTERNAL_ID
is 'a collection upserts' "$(json PATCH composite/sobjects/Account/External_Id__c '{"records":[
	{"attributes":{"type":"Account"},"External_Id__c":"y1","Name":"Y"},
	{"attributes":{"type":"Account"},"Name":"Z"}]}' | jq -c \
	'[.[] | [.success, .created, .errors[0].statusCode]]')" \
	'[[true,true,null],[false,null,"MISSING_ARGUMENT"]]'

# Records by path
acme=$(query "SELECT Id FROM Account WHERE Name = 'Acme'" | rows)
document=$(query "SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '$acme'" | rows)
is 'a relation in a path leads to a record' "$(api "sobjects/ContentDocument/$document/LatestPublishedVersion" |
	jq -c '[.attributes.type, .Title, .VersionNumber]')" '["ContentVersion","Letter","1"]'
is 'a relation in a path leads to child records' "$(api \
	"sobjects/Account/$acme/ContentDocumentLinks?fields=ContentDocumentId" |
	rows)" "$document"
is 'an unknown relation in a path is 404' "$(api "sobjects/Account/$acme/Nothing" | rows)" NOT_FOUND

# Searches
is 'a search finds whole words, and wildcards' "$(for q in Acme acm 'acm*' 'a?me' 'Let*'; do api search -G \
	--data-urlencode \
	"q=FIND {$q} IN ALL FIELDS RETURNING Account(Id, Name), ContentVersion(Id, Title)" |
	jq -r '[.searchRecords[] | .Name // .Title] | join("+") | if . == "" then "-" else . end'; done | tr '\n' \
	' ')" \
	'Acme - Acme Acme Letter '
is 'a search has conditions, an order and a limit' "$(api search -G --data-urlencode \
	"q=FIND {T*} RETURNING Account(Name WHERE Phone = null ORDER BY Name DESC LIMIT 1)" |
	jq -r '.searchRecords[0].Name')" Twin
is 'a search without braces is refused' "$(api search -G --data-urlencode 'q=FIND Acme' | why)" \
	'MALFORMED_SEARCH: No search term found. The search term must be enclosed in braces.'

# Child records have pages of their own
for i in $(seq 5); do part POST sobjects/Contact "c$i" "{\"LastName\":\"L$i\",\"AccountId\":\"$acme\"}"; [ "$i" = 5 ] ||
	echo ,; done >"$TMP/parts"
composite "$(cat "$TMP/parts")" >/dev/null
org set -d page-size=2
query "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Id = '$acme'" >"$TMP/page"
next=$(jq -r '.records[0].Contacts.nextRecordsUrl' "$TMP/page")
is 'child records that are many have a next page' "$(jq -c \
	'.records[0].Contacts | [.totalSize, .done, (.records | length)]' \
	"$TMP/page") $(get "$next" | jq -c '[.totalSize, .done, [.records[].LastName]]')" \
	'[5,false,2] [5,false,["L3","L4"]]'
org set -d page-size=0

# Small things
is 'a doubled slash is taken' "$(get "//services/data/v66.0/limits" | jq .DailyApiRequests.Max) $(get \
	/services/data//v66.0//limits | jq .DailyApiRequests.Max)" '100000 100000'
is 'the resources name the identity URL' "$(api '' | jq -r .identity | sed 's,.*/id/00D.*/005.*,good,')" good
is '405 names the method and those that are allowed' "$(api limits -X PATCH | why) $(status)" \
	"METHOD_NOT_ALLOWED: HTTP Method 'PATCH' not allowed. Allowed are HEAD,GET 405"
printf 'bytes' >"$TMP/file"
is 'a multipart body may have the file first' "$(api sobjects/ContentVersion -F "VersionData=@$TMP/file;filename=f" -F \
	'entity_content={"PathOnClient":"f.txt"};type=application/json' | jq .success) $(query \
	"SELECT ContentSize FROM ContentDocument WHERE Title = 'f'" | rows)" 'true 5'
is 'columns=true has the columns of a query' "$(query \
	'SELECT Id, Owner.Name, (SELECT LastName FROM Contacts) FROM Account' \
	-d columns=true | jq -c \
	'[.columnMetadata[] | [.columnName, .apexType, .aggregate, [.joinColumns[].columnName]]]')" \
	'[["Id","Id",false,[]],["Owner",null,false,["Name"]],["Contacts",null,true,["LastName"]]]'
is 'columns=true has the columns of groups' "$(query \
	'SELECT Type, AVG(AnnualRevenue), MAX(Name) m FROM Account GROUP BY Type' \
	-d columns=true | jq -c '[.columnMetadata[] | [.columnName, .displayName, .aggregate]]')" \
	'[["Type","Type",false],["expr0","avg(AnnualRevenue)",true],["m","max(Name)",true]]'
plan $number
