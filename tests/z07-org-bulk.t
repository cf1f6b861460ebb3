#!/bin/sh
# The simulated org has Bulk API 2.0: query jobs with pages of results, and ingest jobs with results for each record.
. "${0%/*}/lib.sh"

mkdir "$TMP/data" "$TMP/data/Acme.account"
for i in 1 2 3 4 5; do echo $i >"$TMP/data/n$i.txt"; done
org_start --data "$TMP/data"
. "$TOP/tests/org.sh"
code() { jq -r '.[0].errorCode'; }
job() { json POST jobs/query "$(jq -nc --arg q "$1" '{operation: "query", query: $q}')"; }
state() { api "jobs/$1/$2" | jq -r .state; }
results() { api "jobs/query/$1/results$2" | gunzip; }

# Query jobs
org set -d job-looks=2
made=$(job "SELECT Title, ContentSize, IsArchived, CreatedDate, Description, Owner.Name FROM ContentDocument ORDER BY \
Title")
id=$(printf %s "$made" | jq -r .id)
is 'a query job begins as UploadComplete' "$(printf %s "$made" | jq -c '[.state, .object, .operation, .apiVersion,
	.contentType, .lineEnding, .columnDelimiter, .id[0:3]]')" \
	'["UploadComplete","ContentDocument","query",66,"CSV","LF","COMMA","750"]'
is 'results before the end are 412' "$(api "jobs/query/$id/results" | code) $(status)" 'JOB_NOT_COMPLETE 412'
is 'a job goes on with each look' "$(state query "$id") $(state query "$id") $(state query "$id")" \
	'InProgress InProgress JobComplete'
org set -d job-looks=0
is 'a complete job tells the number of its records' "$(api "jobs/query/$id" | jq .numberRecordsProcessed)" 5
date=$(api query -G --data-urlencode "q=SELECT CreatedDate FROM ContentDocument LIMIT 1" |
	jq -r '.records[0].CreatedDate' | sed 's/+0000/Z/')
results "$id" '?maxRecords=2' >"$TMP/page"
is 'a page of results is CSV with a header, all cells in quotes' "$(cat "$TMP/page")" \
	'"Title","ContentSize","IsArchived","CreatedDate","Description","Owner.Name"
"n1","2","false","'"$date"'","","Integration User"
"n2","2","false","'"$date"'","","Integration User"'
is 'results are compressed, and tell the number of their records' "$(header Content-Encoding) $(header \
	Sforce-NumberOfRecords) $(header Content-Type)" 'gzip 2 text/csv;charset=UTF-8'
next=$(header Sforce-Locator)
results "$id" "?maxRecords=2&locator=$next" >"$TMP/page"
is 'a locator leads to the next page, which has a header too' "$(cut -d, -f1 "$TMP/page" | tr '\n' ' ')" \
	'"Title" "n3" "n4" '
results "$id" "?maxRecords=2&locator=$(header Sforce-Locator)" >"$TMP/page"
is 'the last page has the locator null' "$(tail -1 "$TMP/page" | cut -d, -f1) $(header Sforce-Locator)" '"n5" null'
is 'an unknown locator is refused' "$(api "jobs/query/$id/results?locator=xyz" | code)" INVALID_QUERY_LOCATOR
VERSION=65.0
is 'results by another API version are 409' "$(api "jobs/query/$id/results" -o /dev/null; status)" 409
VERSION=66.0
json POST jobs/query '{"operation":"queryAll","query":"SELECT Id FROM Account","columnDelimiter":"PIPE",
	"lineEnding":"CRLF"}' \
	>"$TMP/job"
state query "$(jq -r .id "$TMP/job")" >/dev/null
is 'a job has the delimiter and the line ends that it asks for' "$(results "$(jq -r .id "$TMP/job")" '' | head -1 | od \
	-An -c |
	tr -d ' ')" '"Id"\r\n'
for q in 'SELECT COUNT(Id) FROM Account' 'SELECT COUNT() FROM Account' 'SELECT Name FROM Account GROUP BY Name' \
	'SELECT Id FROM Account OFFSET 1' 'SELECT (SELECT Id FROM Contacts) FROM Account' \
	'SELECT FIELDS(ALL) FROM Account LIMIT 1' \
	'SELECT TYPEOF Owner WHEN User THEN Name END FROM Case' 'SELECT VersionData FROM ContentVersion'; do
	job "$q" | code
done >"$TMP/codes"
is 'bulk queries refuse eight kinds of clauses' "$(uniq -c "$TMP/codes" | tr -s ' ')" ' 8 FUNCTIONALITY_NOT_ENABLED'
is 'a query that is none is refused when the job is made' "$(job 'SELECT Id FORM Account' | code) $(job \
	'SELECT Id FROM Nothing' | code)" 'MALFORMED_QUERY INVALID_TYPE'
org set -d bulk-files=0
is 'an org may have no bulk queries of files' "$(job 'SELECT Id FROM ContentVersion' | jq -r '.[0] | .errorCode + ": " +
	.message')" 'INVALIDENTITY: ContentVersion is not supported by the Bulk API'
api "jobs/query/$id" -X DELETE
is 'a job can be deleted' "$(status) $(api "jobs/query/$id" | code)" '204 NOT_FOUND'
id=$(job 'SELECT Id FROM Account' | jq -r .id)
is 'a job can be aborted' "$(json PATCH "jobs/query/$id" '{"state":"Aborted"}' | jq -r .state) $(api \
	"jobs/query/$id/results" | code)" 'Aborted JOB_NOT_COMPLETE'

# Ingest jobs. ingest FIELDS CSV: makes one, uploads, closes; its Id is in $id.
ingest() {
	id=$(json POST jobs/ingest "{$1}" | jq -r .id)
	printf "$2" | api "jobs/ingest/$id/batches" -X PUT -H 'Content-Type: text/csv' --data-binary @-
	json PATCH "jobs/ingest/$id" '{"state":"UploadComplete"}' >/dev/null
	state ingest "$id" >/dev/null
}
outcome() { api "jobs/ingest/$id/$1" | gunzip; }
info() { api "jobs/ingest/$id" | jq -c '[.state, .numberRecordsProcessed, .numberRecordsFailed, .errorMessage]'; }
is 'an ingest job begins as Open, and says where its file goes' "$(json POST jobs/ingest \
	'{"object":"Account","operation":"insert"}' | jq -r '.state + " " + (.contentUrl | sub("750[^/]*"; "ID"))')" \
	'Open services/data/v66.0/jobs/ingest/ID/batches'
ingest '"object":"Account","operation":"insert"' 'Name,Phone,External_Id__c\n"A ""1""",1,e1\n,2,\n"B\n2",#N/A,e2\n'
is 'an ingest job counts records that failed' "$(info)" '["JobComplete",3,1,null]'
is 'records that were made are in successfulResults, not in their order' "$(outcome successfulResults | sed \
	's/"001[^"]*"/ID/')" '"sf__Created","sf__Id","Name","Phone","External_Id__c"
"true",ID,"A ""1""","1","e1"
"true",ID,"B
2","#N/A","e2"'
is 'records that failed are in failedResults, with the reason' "$(outcome failedResults)" \
	'"sf__Error","sf__Id","Name","Phone","External_Id__c"
"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --","","","2",""'
ingest '"object":"Account","operation":"insert"' 'Name\n1\n2\n3\n4\n'
is 'four results are not in the order of the file' "$(outcome successfulResults | sed 's/.*,//' | tr '\n' ' ')" \
	'"Name" "2" "4" "1" "3" '
ingest '"object":"Account","operation":"upsert","externalIdFieldName":"External_Id__c"' \
	'External_Id__c,Name\ne1,New\ne3,Three\n'
is 'an upsert changes and makes records' "$(outcome successfulResults | sed '1d;s/"001[^"]*",//' | sort | tr '\n' \
	' ')" \
	'"false","e1","New" "true","e3","Three" '
ids=$(api query -G --data-urlencode "q=SELECT Id FROM Account WHERE External_Id__c IN ('e1', 'e3')" |
	jq -r '.records[].Id')
ingest '"object":"Account","operation":"delete"' "Id\n$(echo "$ids" | sed ':a;N;$!ba;s/\n/\\n/g')\n"
is 'a delete deletes' "$(info) $(api query -G --data-urlencode \
	"q=SELECT COUNT() FROM Account WHERE External_Id__c IN ('e1', 'e3')" | jq .totalSize)" \
	'["JobComplete",2,0,null] 0'
ingest '"object":"Account","operation":"insert"' 'Name\r\nX\r\n'
is 'a file with other line ends than the job has fails' "$(info)" \
	'["Failed",0,0,"ClientInputError : LineEnding is invalid on'\
' user data. Current LineEnding setting is LF"]'
is 'the records of a job that failed are in unprocessedrecords' "$(outcome unprocessedrecords | tr -d '\r')" 'Name
X'
ingest '"object":"Account","operation":"insert","lineEnding":"CRLF","columnDelimiter":"SEMICOLON"' \
	'Name;Phone\r\nX;1\r\n'
is 'a file with the line ends and the delimiter of its job is taken' "$(info)" '["JobComplete",1,0,null]'
ingest '"object":"Account","operation":"insert"' 'Name,Foo\nX,1\n'
is 'an unknown column fails the job' "$(info)" '["Failed",0,0,"InvalidBatch : Field name not found : Foo"]'
is 'a second file for a job is refused' "$(id=$(json POST jobs/ingest '{"object":"Account","operation":"insert"}' |
	jq -r .id); api "jobs/ingest/$id/batches" -X PUT -H 'Content-Type: text/csv' -d 'Name' -o /dev/null; api \
	"jobs/ingest/$id/batches" -X PUT -H 'Content-Type: text/csv' -d 'Name' | code)" INVALIDJOBSTATE
is 'hardDelete, an unknown object and an unknown delimiter are refused' "$(for b in \
	'{"object":"Account","operation":"hardDelete"}' '{"object":"Foo","operation":"insert"}' \
	'{"object":"Account","operation":"insert","columnDelimiter":"FOO"}'; do json POST jobs/ingest "$b" | code; \
	done |
	tr '\n' ' ')" 'FEATURENOTENABLED INVALIDJOB INVALIDJOB '
org fault -d kind=error -d status=503 -d code=SERVER_UNAVAILABLE -d 'match=*/batches'
id=$(json POST jobs/ingest '{"object":"Account","operation":"insert"}' | jq -r .id)
is 'faults reach each step of a job' "$(api "jobs/ingest/$id/batches" -X PUT -H 'Content-Type: text/csv' -d Name |
	code)" \
	SERVER_UNAVAILABLE
is 'an aborted job wrote nothing' "$(api "jobs/ingest/$id/batches" -X PUT -H 'Content-Type: text/csv' -d 'Name
Never' -o /dev/null; json PATCH "jobs/ingest/$id" '{"state":"Aborted"}' | jq -r .state) $(api query -G \
	--data-urlencode \
	"q=SELECT COUNT() FROM Account WHERE Name = 'Never'" | jq .totalSize)" 'Aborted 0'
is 'the list of jobs has them all' "$(api jobs/ingest | jq '.done and (.records | length > 8)')" true
kill "$ORG_PID"; wait "$ORG_PID"
is 'the org exits 0 on SIGTERM' "$?" 0
ORG_PID=
plan $number
