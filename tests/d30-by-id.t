#!/bin/sh
# An unlisted document is found by its Id, with one query, under a name that changes no other.
. "${0%/*}/lib.sh"; plan 36
data=$TMP/data
mkdir -p "$data/Acme.account" "$data/bob.brown.user"
printf 'mine\n' >"$data/Offer.txt"
printf 'a,b\n1,2\n' >"$data/Acme.account/Offer.csv"
printf '<p>note</p>' >"$data/Acme.account/Minutes.snote"
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
calls 'at one query' '*' 1
is 'its size is that of the target' "$(stat -c %s "$MNT/by-id/$minutes")" \
	"$(printf '../documents/Minutes (%s)' "$minutes" | wc -c)"
is 'and it reads' "$(cat "$MNT/by-id/$minutes/content")" '<p>note</p>'
is 'with 15 characters too' "$(cat "$MNT/by-id/$(printf %.15s "$minutes")/Minutes.txt")" note
calls 'at no further query' 'GET */query*' 1
is 'it is still not listed' "$(ls "$docs") $(ls "$MNT/by-id")" "Offer $(jq -r .Id "$docs/Offer/metadata.json")"
is 'nor counted' "$(jq .documents "$MNT/.sffs/status.json")" 1
ok 'its directory works by its name' test -f "$docs/Minutes ($minutes)/metadata.json"
inode=$(stat -c %i "$MNT/by-id/$minutes")
before=$(stat -c %i "$docs/Offer")

org_forget
like 'a document that the user may not see is not there' "$(cat "$MNT/by-id/$his/content" 2>&1)" '*No such file*'
ok 'nor one that does not exist' not test -e "$MNT/by-id/069000000000001AAA"
calls 'each at one query' '*' 2
ok 'and is not asked for again while that is fresh' not test -L "$MNT/by-id/$his"
calls 'no query' '*' 2
for id in 069 069000000000001AAB 06900000000000 "069000000000001'" 001000000000001 "$(printf %.17s "$minutes")"; do
	[ ! -e "$MNT/by-id/$id" ] || echo "$id"
done >"$TMP/bad"
is 'a name that is not an Id is not there' "$(cat "$TMP/bad")" ''
calls 'at no call' '*' 2

# The same name as one that is listed.
org change -d op=new-version -d "id=$minutes" -d path=Minutes.snote -d 'content=<p>more</p>' >/dev/null
org change -d op=rename -d "id=$minutes" -d to=Offer >/dev/null
fs_sync
org_forget
is 'after a refresh it has its new name' "$(readlink "$MNT/by-id/$minutes")" "../documents/Offer ($minutes)"
calls 'at one query' '*' 1
is 'and its new version' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more
is 'the other one is unchanged' "$(cat "$docs/Offer/Offer.txt") $(stat -c %i "$docs/Offer")" "mine $before"
ok 'the old name is gone' not test -e "$docs/Minutes ($minutes)"
is 'the inode is the same' "$(stat -c %i "$MNT/by-id/$minutes")" "$inode"

# Listed from one refresh on.
org set -d query-all-files=1 >/dev/null
echo full >"$MNT/.sffs/refresh"
is 'once it may be listed it is' "$(ls "$docs" | grep -c '^Offer')" 3
org set -d query-all-files=0 >/dev/null
echo full >"$MNT/.sffs/refresh"
is 'and then not again' "$(ls "$docs")" Offer
is 'but by its Id' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more

# Gone.
org change -d op=delete -d "id=$minutes" >/dev/null
is 'before a refresh it is known' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more
fs_sync
ok 'a deleted one is gone' not test -e "$MNT/by-id/$minutes"
ok 'under its name, too' not test -e "$docs/Offer ($minutes)"
org change -d op=undelete -d "id=$minutes" >/dev/null
fs_sync
is 'and back when it is undeleted' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more

# Offline.
org fault -d kind=error -d status=503 --data-urlencode 'match=GET */query*' -d times=forever >/dev/null
fs_sync 2>/dev/null
org_forget
is 'a query that fails serves the last answer' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more
ok 'once it was tried' test "$(org_count 'GET */query?*')" -gt 0
org_forget
is 'nobody waits again before the next try is due' "$(readlink "$MNT/by-id/$minutes")" "../documents/Offer ($minutes)"
calls 'no query' '*' 0
org fault/clear -X POST >/dev/null
fs_unmount
kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
fs_mount -o tries=1 2>/dev/null
is 'without the org it is there too' "$(cat "$MNT/by-id/$minutes/Offer.txt")" more
like 'an unknown Id cannot be asked for' "$(readlink -v "$MNT/by-id/069000000000002AAA" 2>&1)" '*timed out*'
