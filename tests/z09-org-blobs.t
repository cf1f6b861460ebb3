#!/bin/sh
# The simulated org has attachments, legacy documents, event logs and email messages with their bytes, records to query,
# and what the API offers for any resource: changes since a time, conditions, compression.
. "${0%/*}/lib.sh"

mkdir -p "$TMP/data/Acme.account"
echo letter >"$TMP/data/Acme.account/Letter.txt"
org_start --data "$TMP/data" --records 30
. "$TOP/tests/org.sh"

# Attachments
acme=$(query "SELECT Id FROM Account WHERE Name = 'Acme'" | rows)
attachment=$(json POST sobjects/Attachment "{\"Name\":\"a.csv\",\"ParentId\":\"$acme\",\"Body\":\"YSxiCg==\",\
\"ContentType\":\"text/csv\"}" | jq -r .id)
is 'an attachment has its fields, and is a child of its record' "$(query "SELECT Name, (SELECT Name, BodyLength, \
ContentType, Parent.Name FROM Attachments) FROM Account WHERE Id = '$acme'" |
	jq -c '.records[0].Attachments.records[0] | [.Name, .BodyLength, .ContentType, .Parent.Name]')" \
	'["a.csv",4,"text/csv","Acme"]'
is 'a query of Body gives its URL, which has the bytes' "$(api "$(query \
	"SELECT Body FROM Attachment WHERE Id = '$attachment'" | rows | sed 's,.*/v66.0/,,')")" 'a,b'
before=$(query "SELECT SystemModstamp FROM Attachment WHERE Id = '$attachment'" | rows)
org set -d skew=120
json PATCH "sobjects/Attachment/$attachment" '{"Body":"eA==","Name":"b.csv"}'
is 'the bytes of an attachment can change, under the same Id' "$(api "sobjects/Attachment/$attachment/Body") $(query \
	"SELECT Name, BodyLength FROM Attachment WHERE Id = '$attachment'" | rows)" 'x b.csv/1'
ok 'new bytes change the SystemModstamp' test "$before" != "$(query \
	"SELECT SystemModstamp FROM Attachment WHERE Id = '$attachment'" | rows)"
head -c 300000 /dev/urandom >"$TMP/file"
id=$(api sobjects/Attachment -F "entity_content={\"Name\":\"f\",\"ParentId\":\"$acme\"};type=application/json" -F \
	"Body=@$TMP/file;filename=f" | jq -r .id)
api "sobjects/Attachment/$id/Body" >"$TMP/blob"
same 'an attachment can be posted by multipart' "$TMP/blob" "$TMP/file"
is 'an attachment without bytes, or of no record, is refused' "$(json POST sobjects/Attachment \
	"{\"Name\":\"x\",\"ParentId\":\"$acme\"}" | rows) $(json POST sobjects/Attachment \
	'{"Name":"x","Body":"eA==","ParentId":"001000000000001AAA"}' | rows)" \
	'REQUIRED_FIELD_MISSING INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY'
api "sobjects/Attachment/$id" -X DELETE
is 'a query of an administrator finds attachments in the bin' "$(query \
	"SELECT IsDeleted FROM Attachment WHERE Id = '$id'" | rows) $(api "sobjects/Attachment/$id" | rows)" \
	'true ENTITY_IS_DELETED'

# Documents, logs, messages
user=$(query "SELECT Id FROM User WHERE Alias = 'integ'" | rows)
id=$(json POST sobjects/Document "{\"Name\":\"Logo\",\"Type\":\"txt\",\"FolderId\":\"$user\",\"Body\":\"eHl6\"}" |
	jq -r .id)
is 'a legacy document has a body or a URL' "$(api "sobjects/Document/$id/Body") $(json POST sobjects/Document \
	"{\"Name\":\"Link\",\"FolderId\":\"$user\",\"Url\":\"http://x\"}" | jq .success)" 'xyz true'
query "SELECT Id, EventType, Interval, Sequence, LogFileLength, LogFile FROM EventLogFile WHERE LogDate < TODAY AND \
EventType = 'Login' ORDER BY LogDate DESC" >"$TMP/logs"
api "$(jq -r '.records[0].LogFile' "$TMP/logs" | sed 's,.*/v66.0/,,')" >"$TMP/log"
is 'event logs are CSV of a day' "$(jq -c '[.totalSize, (.records[0] | .Interval, .Sequence)]' "$TMP/logs") $(head -1 \
	"$TMP/log") $(grep -o \
	'"LogFileLength":[0-9.]*' "$TMP/logs" | head -1)" \
	"[2,\"Daily\",0] \"EVENT_TYPE\",\"TIMESTAMP\",\"TEXT\" \"LogFileLength\":$(wc -c <"$TMP/log").0"
is 'an event log cannot be changed' "$(json PATCH "sobjects/EventLogFile/$(jq -r '.records[0].Id' "$TMP/logs")" \
	'{"EventType":"x"}' | rows)" INVALID_TYPE_FOR_OPERATION
case=$(query 'SELECT Id FROM Case LIMIT 1' | rows)
mail=$(json POST sobjects/EmailMessage "{\"ParentId\":\"$case\",\"Subject\":\"Hello\",\"TextBody\":\"text\"}" |
	jq -r .id)
json POST sobjects/ContentVersion "{\"PathOnClient\":\"m.txt\",\"VersionData\":\"eA==\",\
\"FirstPublishLocationId\":\"$mail\"}" >/dev/null
is 'a file can be linked to an email message of a case' "$(query "SELECT Subject, Parent.CaseNumber, (SELECT \
ContentDocument.Title FROM ContentDocumentLinks) FROM EmailMessage" | jq -c '.records[0] | [.Subject,
	.Parent.CaseNumber, .ContentDocumentLinks.records[0].ContentDocument.Title]')" '["Hello","00001000","m"]'

# Records
is '--records makes records of each object' "$(for o in Account Contact Opportunity Case Lead Invoice__c; do
	query "SELECT COUNT() FROM $o" | jq .totalSize; done | tr '\n' ' ')" '31 30 30 30 30 30 '
is 'records can be grouped' "$(query "SELECT StageName, COUNT(Id), SUM(Amount), MAX(Account.Name) FROM Opportunity \
GROUP BY StageName HAVING SUM(Amount) > 1 ORDER BY StageName LIMIT 1" | grep -o '"StageName.*}')" \
	'"StageName":"Closed Lost","expr0":10,"expr1":39000.0,"expr2":"Company 9"}]}'

# Changes
change() { api "sobjects/$1" -G -d "start=$(date -u -d "${3--10 minutes}" +%FT%TZ)" -d \
	"end=$(date -u -d '10 minutes' +%FT%TZ)"; }
json PATCH "sobjects/Account/$acme" '{"Phone":"1"}'
is 'updated has the Ids of records that were changed' "$(change Account/updated/ | jq --arg id "$acme" \
	'.ids | index($id) != null')" true
is 'deleted has the Ids and dates of records that were deleted' "$(change Attachment/deleted | jq -c \
	'[(.deletedRecords | length), (keys)]')" '[1,["deletedRecords","earliestDateAvailable","latestDateCovered"]]'
is 'a time that is too short or too long ago is refused' "$(api \
	'sobjects/Account/updated?start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:30Z' | rows) $(change \
	Account/updated x '-40 days' | rows)" \
	'INVALID_REPLICATION_DATE INVALID_REPLICATION_DATE'
is 'documents have no list of changes' "$(change ContentDocument/updated | rows)" INVALID_TYPE_FOR_OPERATION

# Any resource
is 'If-Modified-Since is 304 for a record that is unchanged' "$(api "sobjects/Account/$acme" -H \
	"If-Modified-Since: $(LC_ALL=C date -u -d '10 minutes' '+%a, %d %b %Y %T GMT')"; status) $(api \
	"sobjects/Account/$acme" -H 'If-Modified-Since: Thu, 01 Jan 2015 00:00:00 GMT' | jq -r .Name)" '304 Acme'
is 'X-PrettyPrint writes JSON on more lines' "$(api limits | wc -l) $(($(api limits -H 'X-PrettyPrint: 1' |
	wc -l) > 5))" \
	'0 1'
printf '{"Name":"Packed"}' | gzip >"$TMP/packed"
is 'the body of a request may be compressed' "$(api sobjects/Account -H 'Content-Type: application/json' -H \
	'Content-Encoding: gzip' --data-binary "@$TMP/packed" | jq .success) $(api sobjects/Account -H \
	'Content-Type: application/json' -H 'Content-Encoding: gzip' -d '{"Name":"x"}' | rows)" 'true JSON_PARSER_ERROR'
org set -d gzip=1
is 'answers can be compressed, for clients that ask' "$(api limits -H 'Accept-Encoding: gzip' | gunzip |
	jq .DailyApiRequests.Max) $(api limits | jq .DailyApiRequests.Max) $(api \
	"sobjects/Attachment/$attachment/Body" --compressed)" '100000 100000 x'
plan $number
