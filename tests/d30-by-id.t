#!/bin/sh
# An unlisted document is found by its Id, with one query, under a name that changes no other.
. "${0%/*}/lib.sh"; plan 37
data=$TMP/data
mkdir -p "$data/Acme.account" "$data/bob.brown.user"
printf 'mine\n' >"$data/Offer.txt"
printf 'a,b\n1,2\n' >"$data/Acme.account/Offer.csv"
printf '<p>note</p>' >"$data/Acme.account/Minutes.snote"
printf 'contract\n' >"$data/Acme.account/Contract.txt"
printf 'his\n' >"$data/bob.brown.user/His.txt"
org_start --data "$data"
document() { org document -G --data-urlencode "title=$1" | cut -d' ' -f1; }
minutes=$(document Minutes) his=$(document His)
org set -d query-all-files=0 >/dev/null
fs_mount -o refresh=3600,tries=1
is 'a document that only a record leads to is not listed' "$(ls "$MNT/documents")" Offer
docs=$MNT/documents
org_forget

is 'it is there by its Id' "$(readlink "$MNT/by-id/$minutes")" "../documents/Minutes ($minutes)"
calls 'an unlisted document costs one query' '*' 1
is 'stat knows the size of the link in by-id' "$(stat -c %s "$MNT/by-id/$minutes")" \
	"$(printf '../documents/Minutes (%s)' "$minutes" | wc -c)"
is 'an unlisted document can be read' "$(cat "$MNT/by-id/$minutes/content")" '<p>note</p>'
is 'an unlisted document is there by 15 characters of its Id' \
	"$(cat "$MNT/by-id/$(printf %.15s "$minutes")/Minutes.txt")" note
calls 'its second look costs no query' 'GET */query*' 1
is 'an unlisted document stays unlisted after a look' "$(ls "$docs") $(ls "$MNT/by-id")" \
	"Offer $(jq -r .Id "$docs/Offer/metadata.json")"
is 'an unlisted document is not counted' "$(jq .documents "$MNT/.sffs/status.json")" 1
ok 'the directory of an unlisted document works by its name' test -f "$docs/Minutes ($minutes)/metadata.json"
inode=$(stat -c %i "$MNT/by-id/$minutes")
before=$(stat -c %i "$docs/Offer")

org_forget
like 'a document that the user may not see does not exist' "$(cat "$MNT/by-id/$his/content" 2>&1)" '*No such file*'
ok 'a document that the org does not have does not exist' not test -e "$MNT/by-id/069000000000001AAA"
calls 'each unknown Id costs one query' '*' 2
ok 'an unknown Id is still unknown at a second look' not test -L "$MNT/by-id/$his"
calls 'the second look at an unknown Id costs no query' '*' 2
for id in 069 069000000000001AAB 06900000000000 "069000000000001'" 001000000000001 "$(printf %.17s "$minutes")"; do
	[ ! -e "$MNT/by-id/$id" ] || echo "$id"
done >"$TMP/bad"
is 'a name in by-id that is not an Id does not exist' "$(cat "$TMP/bad")" ''
calls 'a name that is not an Id costs no call' '*' 2

# The same name as one that is listed.
org change -d op=new-version -d "id=$minutes" -d path=Minutes.snote -d 'content=<p>more</p>' >/dev/null
org change -d op=rename -d "id=$minutes" -d to=Offer >/dev/null
fs_sync
org_forget
is 'after a refresh an unlisted document has its new name' "$(readlink "$MNT/by-id/$minutes")" \
	"../documents/Offer ($minutes)"
calls 'the look after the refresh costs one query' '*' 1
is 'an unlisted document has its new version' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more
is 'the listed document with the same title is unchanged' "$(cat "$docs/Offer/Offer.txt") $(stat -c %i "$docs/Offer")" \
	"mine $before"
ok 'the old name of an unlisted document is gone' not test -e "$docs/Minutes ($minutes)"
is 'the inode number of the link in by-id is the same' "$(stat -c %i "$MNT/by-id/$minutes")" "$inode"

# Listed from one refresh on.
org set -d query-all-files=1 >/dev/null
echo full >"$MNT/.sffs/refresh"
is 'a document that the user may now see is listed' "$(ls "$docs" | grep -c '^Offer')" 3
org set -d query-all-files=0 >/dev/null
echo full >"$MNT/.sffs/refresh"
is 'a document that the user may no longer see is not listed' "$(ls "$docs")" Offer
is 'a document that is no longer listed is there by its Id' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more

# Gone.
org change -d op=delete -d "id=$minutes" >/dev/null
is 'before a refresh a deleted document is there by its Id' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more
fs_sync
ok 'after a refresh a deleted document is gone from by-id' not test -e "$MNT/by-id/$minutes"
ok 'after a refresh the name of a deleted document is gone' not test -e "$docs/Offer ($minutes)"
org change -d op=undelete -d "id=$minutes" >/dev/null
fs_sync
is 'an undeleted document is there by its Id' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more

# Another mount finds a document whose name was looked up here in vain.
mkdir "$TMP/second"
at_end() { fusermount3 -uz "$TMP/second" 2>/dev/null; }
contract=$(document Contract)
stat "$docs/Contract ($contract)" >"$TMP/out" 2>&1
"$BUILD/sffs" -o refresh=3600,tries=1 sim "$TMP/second"
cat "$TMP/second/by-id/$contract/content" >"$TMP/out"
fusermount3 -u "$TMP/second"
is 'a name that was looked up in vain is there once another mount has found it' \
	"$(cat "$docs/Contract ($contract)/content")" contract

# Offline.
org fault -d kind=error -d status=503 --data-urlencode 'match=GET */query*' -d times=forever >/dev/null
fs_sync 2>/dev/null
org_forget
is 'a query that fails serves the last answer' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more
ok 'the org was asked before the last answer was served' test "$(org_count 'GET */query?*')" -gt 0
org_forget
is 'after a failed query a look serves the last answer at once' "$(readlink "$MNT/by-id/$minutes")" \
	"../documents/Offer ($minutes)"
calls 'no query is made before the next try is due' '*' 0
org fault/clear -X POST >/dev/null
fs_unmount
kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
fs_mount -o tries=1 2>/dev/null
is 'without the org a known document is there by its Id' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more
like 'without the org an unknown Id is ETIMEDOUT' "$(readlink -v "$MNT/by-id/069000000000002AAA" 2>&1)" '*timed out*'
