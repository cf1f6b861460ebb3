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
within() { timeout -s KILL 120 "$@"; }
held() { curl -sSf "$ORG_URL/_org/wait?held=$1&timeout=30" >/dev/null; }
four='SIGINT
SIGINT
SIGINT
SIGINT'

org fault -d kind=hold --data-urlencode 'match=GET */query' -d times=forever >/dev/null
org_forget
ls "$MNT/records/Account/Acme" >"$TMP/acme" 2>&1 & waiting=$!
readlink "$MNT/by-id/$letter" >"$TMP/link" 2>&1 & linking=$!
ls "$MNT/libraries/Sales/2026" >"$TMP/folder" 2>&1 & folding=$!
ls "$MNT/versions/Many" >"$TMP/versions" 2>&1 & counting=$!
held 4
ok 'documents are listed meanwhile' within ls "$MNT/documents"
ok 'so are these directories' within ls "$MNT/records" "$MNT/versions"
ok 'known names are there' within ls "$MNT/records/Account/Globex"
ok 'and reads' within cat "$MNT/records/Account/Globex"/*/content
ok 'df goes on' within df "$MNT"
is 'Ctrl-C ends four waits for a record' "$(within python3 "$TOP/tests/callers.py" 4 ls "$MNT/records/Account/Acme")" \
	"$four"
is 'four for a link' "$(within python3 "$TOP/tests/callers.py" 4 cat "$MNT/by-id/$letter/content")" "$four"
is 'for a folder' "$(within python3 "$TOP/tests/callers.py" 4 stat "$MNT/libraries/Sales/2026/Plan")" "$four"
is 'for versions' "$(within python3 "$TOP/tests/callers.py" 4 cat "$MNT/versions/Many/1.txt")" "$four"
calls 'one call each, however many asked' 'GET *' 4
org fault/clear -X POST >/dev/null; org release -X POST >/dev/null
wait $waiting; is 'who went on waiting has the record' "$? $(sed 's/ (.*//' "$TMP/acme")" '0 Letter'
wait $linking; is 'the link' "$? $(cat "$TMP/link")" "0 ../documents/Letter ($letter)"
wait $folding; is 'the folder' "$? $(cat "$TMP/folder")" '0 Plan'
wait $counting; is 'the versions' "$? $(paste -sd' ' "$TMP/versions")" '0 1.txt 2.txt'

# Many at once.
org_forget
fs_sync
for i in 1 2 3 4 5 6 7 8; do
	( ls "$MNT/records/Account/Acme" "$MNT/libraries/Sales/2026" "$MNT/versions/Many" >"$TMP/many$i" 2>&1;
		cat "$MNT/by-id/$letter/content" >>"$TMP/many$i" ) &
	all="${all-} $!"
done
wait $all
is 'eight at once see the same' "$(cat "$TMP"/many? | grep . | sort | uniq -c | awk '{ print $1 }' | sort -u)" 8
calls 'at one query for the record' "GET *FROM Account WHERE*" 1
calls 'and one for its links' 'GET *FROM ContentDocumentLink*' 1
calls 'none for the libraries: the mount has asked' 'GET *FROM ContentWorkspace*' 0
calls 'two for folders' 'GET *FROM ContentFolderItem*' 2
