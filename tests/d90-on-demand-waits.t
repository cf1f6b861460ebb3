#!/bin/sh
# A request that waits for an answer on demand delays no other, and Ctrl-C ends it. All waits for the same answer share
# one call.
. "${0%/*}/lib.sh"; plan 19
data=$TMP/data
mkdir -p "$data/Acme.account" "$data/Globex.account" "$data/Sales/2026" "$data/Many.versions"
printf 'letter\n' >"$data/Acme.account/Letter.txt"
printf 'other\n' >"$data/Globex.account/Other.txt"
printf 'plan\n' >"$data/Sales/2026/Plan.txt"
printf '1\n' >"$data/Many.versions/1.txt"; printf '2\n' >"$data/Many.versions/2.txt"
org_start --data "$data"
letter=$(org document -G -d title=Letter | cut -d' ' -f1)
org set -d query-all-files=0 >/dev/null
fs_mount -o refresh=3600
cat "$MNT/records/Account/Globex"/*/content >/dev/null

org fault -d kind=hold --data-urlencode 'match=GET */query' -d times=forever >/dev/null
org_forget
ls "$MNT/records/Account/Acme" >"$TMP/acme" 2>&1 & waiting=$!
readlink "$MNT/by-id/$letter" >"$TMP/link" 2>&1 & linking=$!
ls "$MNT/libraries/Sales/2026" >"$TMP/folder" 2>&1 & folding=$!
ls "$MNT/versions/Many" >"$TMP/versions" 2>&1 & counting=$!
org_held 4
ok 'documents are listed while four answers are awaited' within ls "$MNT/documents"
ok 'records/ and versions/ are listed meanwhile' within ls "$MNT/records" "$MNT/versions"
ok 'a known record is listed meanwhile' within ls "$MNT/records/Account/Globex"
ok 'the documents of a known record can be read meanwhile' within cat "$MNT/records/Account/Globex"/*/content
ok 'df works meanwhile' within df "$MNT"
interrupts 'Ctrl-C ends four waits for a record' ls "$MNT/records/Account/Acme"
interrupts 'Ctrl-C ends four waits for a link in by-id' cat "$MNT/by-id/$letter/content"
interrupts 'Ctrl-C ends four waits for a folder' stat "$MNT/libraries/Sales/2026/Plan"
interrupts 'Ctrl-C ends four waits for versions' cat "$MNT/versions/Many/1.txt"
calls 'each answer costs one call, however many wait for it' 'GET *' 4
org fault/clear -X POST >/dev/null; org release -X POST >/dev/null
wait $waiting; is 'the caller that went on waiting for a record gets it' "$? $(sed 's/ (.*//' "$TMP/acme")" '0 Letter'
wait $linking; is 'the caller that went on waiting for a link gets it' "$? $(cat "$TMP/link")" \
	"0 ../documents/Letter ($letter)"
wait $folding; is 'the caller that went on waiting for a folder gets it' "$? $(cat "$TMP/folder")" '0 Plan'
wait $counting; is 'the caller that went on waiting for versions gets them' "$? $(paste -sd' ' "$TMP/versions")" \
	'0 1.txt 2.txt'

# Many at once.
org_forget
fs_sync
for i in 1 2 3 4 5 6 7 8; do
	( ls "$MNT/records/Account/Acme" "$MNT/libraries/Sales/2026" "$MNT/versions/Many" >"$TMP/many$i" 2>&1;
		cat "$MNT/by-id/$letter/content" >>"$TMP/many$i" ) &
	all="${all-} $!"
done
wait $all
is 'eight callers at once see the same' "$(cat "$TMP"/many? | grep . | sort | uniq -c | awk '{ print $1 }' | sort -u)" 8
calls 'eight callers cost one query for the record' "GET *FROM Account WHERE*" 1
calls 'eight callers cost one query for its links' 'GET *FROM ContentDocumentLink*' 1
calls 'eight callers cost no query for the libraries, which the mount has asked for' 'GET *FROM ContentWorkspace*' 0
calls 'eight callers cost two queries for folders' 'GET *FROM ContentFolderItem*' 2
