#!/bin/sh
# The simulated org refuses what Salesforce refuses, and has the limits, rules and faults that an org may have.
. "${0%/*}/lib.sh"

mkdir -p "$TMP/data/Acme.account" "$TMP/data/Old.archived" "$TMP/data/Two.versions"
echo old >"$TMP/data/Old.archived/Old.txt"
echo 1 >"$TMP/data/Two.versions/1.txt"; echo 2 >"$TMP/data/Two.versions/2.txt"
org_start --data "$TMP/data"
. "$TOP/tests/org.sh"
# refused WHAT METHOD PATH BODY 'STATUS CODE: MESSAGE'
refused() {
	answer=$(json "$2" "$3" "$4")
	like "refused: $1" "$(status) $(printf %s "$answer" | jq -r \
		'if type == "array" then .[0] | "\(.errorCode): \(.message)" else . end')" "$5"
}
V=sobjects/ContentVersion
file() { printf '{"PathOnClient":"f.txt","VersionData":"eA=="%s}' "${1:+,$1}"; }

# What was taken too kindly once
old=$(query "SELECT Id FROM ContentVersion WHERE Title = 'Two' AND IsLatest = false" | rows)
refused 'a change of a version that is not the latest' PATCH "$V/$old" '{"Title":"Old title"}' \
	'400 *: You cannot update a version that is not the latest version of a document.'
refused 'ContentLocation Z' POST $V "$(file '"ContentLocation":"Z"')" '400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: *Z'
refused 'NetworkId of nothing' POST $V "$(file '"NetworkId":"0DB000000000001"')" \
	'400 INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: *'
refused 'COUNT() with ORDER BY' GET 'query?q=SELECT+COUNT()+FROM+ContentDocument+ORDER+BY+Title' '' \
	"400 MALFORMED_QUERY: You can't use COUNT() with an ORDER BY clause"
refused 'JSON with more after it' POST sobjects/Account '{"Name":"x"} trailing' '400 JSON_PARSER_ERROR: *'
refused 'JSON with a key twice' POST sobjects/Account '{"Name":"x","Name":"y"}' '400 JSON_PARSER_ERROR: *'
refused 'JSON that is not UTF-8' POST sobjects/Account "$(printf '{"Name":"\377"}')" '400 JSON_PARSER_ERROR: *'
refused 'ContentUrl with PathOnClient' POST $V '{"Title":"x","ContentUrl":"http://x","PathOnClient":"x"}' \
	'400 FIELD_INTEGRITY_EXCEPTION: *'
refused 'an asset of an unsuited type' POST $V "$(file '"IsAssetEnabled":true')" \
	'400 FIELD_INTEGRITY_EXCEPTION: *file type*asset files.'
head -c 53000000 /dev/zero | tr '\0' x | sed '1s/^/{"Name":"/;$s/$/"}/' >"$TMP/long"
is 'refused: a message of 53 million bytes' "$(api sobjects/Account -H 'Content-Type: application/json' --data-binary \
	"@$TMP/long" | jq -r '.[0] | .errorCode + ": " + .message')" \
	'JSON_PARSER_ERROR: Maximum size of request reached. Maximum size of request is 52428800 bytes.'

# Where nobody knows, both
refused 'a location that is not there, by a setting' POST $V "$(org set -d unknown-location=0; file \
	'"FirstPublishLocationId":"001000000000001AAA"')" '400 INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: *'
org set -d unknown-location=1 -d empty-multipart=0
: >"$TMP/empty"
is 'an empty file by multipart is refused, by a setting' "$(api $V -F "VersionData=@$TMP/empty;filename=f" -F \
	'entity_content={"PathOnClient":"f.txt"};type=application/json' | rows)" REQUIRED_FIELD_MISSING
org set -d empty-multipart=1 -d need-share-type=1
document=$(query "SELECT Id FROM ContentDocument WHERE Title = 'Two'" | rows)
acme=$(query "SELECT Id FROM Account WHERE Name = 'Acme'" | rows)
refused 'a link without ShareType, by a setting' POST sobjects/ContentDocumentLink \
	"{\"ContentDocumentId\":\"$document\",\"LinkedEntityId\":\"$acme\"}" '400 REQUIRED_FIELD_MISSING: *ShareType*'
org set -d need-share-type=0

# Limits and rules of an org
org set -d storage-full=1
refused 'an upload, while the storage is full' POST $V "$(file)" '400 STORAGE_LIMIT_EXCEEDED: *'
org set -d storage-full=0 -d publications=0
refused 'an upload, after the last publication' POST $V "$(file)" \
	'500 UNKNOWN_EXCEPTION: ContentPublication Limit exceeded'
org set -d publications=1000000000000 -d required-field=1
refused 'an upload without a custom field that is required' POST $V "$(file)" \
	'400 REQUIRED_FIELD_MISSING: Required fields are missing: [[]File_Type__c]'
is 'an upload with the custom field is accepted' "$(json POST $V "$(file '"File_Type__c":"x"')" | jq .success)" true
org set -d required-field=0 -d validation=1
refused 'a name that a validation rule forbids' POST sobjects/Account '{"Name":"Bad name"}' \
	'400 FIELD_CUSTOM_VALIDATION_EXCEPTION: *'
org set -d validation=0 -d read-only=1
refused 'a change by a user who may only look' PATCH "sobjects/ContentDocument/$document" '{"Title":"x"}' \
	'400 INSUFFICIENT_ACCESS_OR_READONLY: *'
org set -d read-only=0 -d list-archived=1
is 'an org may list archived documents in plain queries' "$(query \
	"SELECT Title FROM ContentDocument WHERE IsArchived = true" | rows)" Old
org set -d list-archived=0 -d duplicate-rule=1
refused 'an account of a name that there is' POST sobjects/Account '{"Name":"acme"}' '400 DUPLICATES_DETECTED: *'
is 'a header allows the duplicate' "$(json POST sobjects/Account '{"Name":"acme"}' -H \
	'Sforce-Duplicate-Rule-Header: allowSave=true' | jq .success)" true
org set -d duplicate-rule=0 -d assign=1
owner() {
	made=$(json POST sobjects/Case '{"Subject":"x"}' "$@" | jq -r .id)
	query "SELECT Owner.Name FROM Case WHERE Id = '$made'" | rows
}
is 'a header turns off the assignment of a case' "$(owner) $(owner -H 'Sforce-Auto-Assign: FALSE')" \
	'Alice Adams Integration User'

# An answer that is lost
org fault -d kind=lost -d 'match=POST *ContentVersion'
is 'an answer is lost' "$(json POST $V "$(file '"Title":"Lost"')" 2>/dev/null; echo $?)" 52
is 'a write whose answer was lost is done' "$(query "SELECT VersionNumber FROM ContentVersion WHERE Title = 'Lost'" |
	rows)" 1
is 'describe has the values of restricted picklists' "$(api sobjects/ContentDocumentLink/describe | jq -c '.fields[] |
	select(.name == "ShareType") | [.restrictedPicklist, [.picklistValues[].value]]')" '[true,["V","C","I"]]'
plan $number
