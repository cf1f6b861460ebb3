#!/bin/sh
# The org sends fewer records than it counts, or pages that never end. This is an error, and no document disappears.
. "${0%/*}/lib.sh"; plan 28
data=$TMP/data
for i in 1 2 3 4; do
	mkdir -p "$data/Acme$i.account" "$data/Sales/Plans$i" "$data/T$i.versions"
	for j in 1 2 3; do
		echo "linked $i $j" >"$data/Acme$i.account/L$i$j.txt"; echo \
			"plan $i $j" >"$data/Sales/Plans$i/P$i$j.txt"
		echo "version $j" >"$data/T$i.versions/$j.txt"
	done
done
find "$data" -type f -exec touch -d '2 days ago' {} +
org_start --data "$data" --page-size 2
docs=$MNT/documents
change() { op=$1; shift; org change -d op="$op" "$@" >/dev/null; }
calm() { org set -d 'missing=0&loop=0&page-size=2' >/dev/null; org fault/clear -X POST >/dev/null; }
full() { echo full >"$MNT/.sffs/refresh"; }
names() { ls "$docs" | grep "$1" | paste -sd,; }
words='another number of records than it counts|the pages of the answer are a loop'
# fails WHAT COMMAND...: with each kind of bad pages the command fails soon and leaves the tree as it is. $i counts the
# tries.
fails() {
	what=$1 i=0; shift
	ls "$MNT/by-id" >"$TMP/before" 2>&1
	for wrong in missing=1 'missing=2000&page-size=0' loop=1 ${LOOP-loop=1000}; do
		i=$((i + 1))
		org set -d "$wrong" >/dev/null
		org_forget
		"$@" >/dev/null 2>&1 && echo "$wrong: no error" >>"$TMP/wrong"
		[ "$(org_count '*')" -le 30 ] || echo "$wrong: many calls" >>"$TMP/wrong"
		calm
	done
	ls "$MNT/by-id" >"$TMP/after" 2>&1
	ok "$what" not cat "$TMP/wrong"
	same '... and no document disappears' "$TMP/before" "$TMP/after"
	rm -f "$TMP/wrong"
}

fails 'a first list that does not add up is an error' fs_mount -o refresh=3600,tries=1
fs_mount -o refresh=3600,tries=1
is 'the next first list is whole' "$(names . | tr , '\n' | wc -l) $(names T)" '28 T1,T2,T3,T4'
before=$(ls "$docs" | wc -l)
look() { ls "$MNT/$1$i/"; }
fails 'documents of a record that do not add up are an error' look records/Account/Acme
fails 'documents of a folder that do not add up are an error' look libraries/Sales/Plans
# With loop=1000 all versions arrive before sffs finds the loop.
LOOP= fails 'versions of a document that do not add up are an error' look versions/T
unset LOOP
like 'the log says that the numbers differ or that the pages are a loop' "$(grep -cE "$words" "$MNT/.sffs/log")" \
	'[1-9]*'

# The list of all Ids. A refresh finds no change here, since the document that changed is out of reach.
change add -d title=Secret -d content=secret
fs_sync
change unshare -d title=Secret
fails 'a list of all Ids that does not add up is an error' full
full
is 'a whole list of all Ids shows that a document is out of reach' "$(names S)" ''

# Documents that come into reach. Only the list of all Ids shows them.
for i in 1 2 3; do change unshare -d title=T$i; done
full
is 'documents that are not shared any more are gone' "$(names T)" T4
for i in 1 2 3; do change share -d title=T$i; change date -d title=T$i -d stamp="$(date -d '1 day ago' +%s)"; done
org fault -d kind=body -d times=forever --data-urlencode 'match=GET *WHERE Id IN*' \
	-d 'body={"totalSize":3,"done":true,"records":[]}' >/dev/null
ok 'a full refresh fails if documents that came into reach do not come by their Ids' not full
org set -d page-size=1 >/dev/null
org fault/clear -X POST >/dev/null
full
is 'documents that came into reach come on several pages' "$(names T)" T1,T2,T3,T4
calm

# A refresh.
for i in 1 2 3; do change rename -d title=T$i -d to=R$i; done
fails 'a refresh that does not add up is an error' fs_sync
fs_sync
is 'the next refresh shows all changes' "$(names '[RT]')" R1,R2,R3,T4
fs_unmount

# With a filter, a refresh asks by Id whether changed documents still match.
fs_mount -o "refresh=3600,tries=1,filter=Title LIKE 'R%'"
change rename -d title=R1 -d to=X1
for i in 2 3; do change new-version -d title=R$i -d content=new; done
org fault -d kind=body -d times=forever --data-urlencode 'match=GET *WHERE Id IN*' \
	-d 'body={"totalSize":2,"done":true,"records":[]}' >/dev/null
ok 'a refresh with a filter fails if the answer by Ids does not add up' not fs_sync
is '... and no document disappears' "$(names .)" R1,R2,R3
org set -d page-size=1 >/dev/null
org fault/clear -X POST >/dev/null
fs_sync
is 'a refresh with a filter takes its answer on several pages' "$(names .)" R2,R3
fs_unmount

# A first fill in pages of two. A later page lacks records.
refill() {
	rm -rf "$XDG_CACHE_HOME/sffs"
	org_forget
	"$BUILD/sffs" -o refresh=3600,tries=1 sim "$MNT" 2>/dev/null
}
org set -d page-size=2 >/dev/null
refill
all=$(ls "$MNT/by-id")
last=$(echo "$all" | LC_ALL=C sort | tail -1)
fs_unmount
fault() { org fault -d times=1 --data-urlencode 'match=GET */query/*' "$@" >/dev/null; }
empty='body={"totalSize":28,"done":true,"records":[]}'
fault -d kind=body -d "$empty"
refill
is 'a first fill goes on after a page without the documents that were deleted meanwhile' "$(ls "$MNT/by-id")" "$all"
calls '... once the org has counted the documents' "GET */query?*COUNT() FROM ContentDocument WHERE Id <= *" 1
fs_unmount
fault -d kind=body --data-urlencode 'body={"totalSize":28,"done":true,"records":[{"Id":"'"$last"'","IsDeleted":true,
	"SystemModstamp":"2024-01-01T00:00:00.000+0000"}]}'
ok 'a first fill with a gap is an error' not refill
refill
is '... and begins anew' "$(ls "$MNT/by-id")" "$all"
fs_unmount
org fault/clear -X POST >/dev/null

# The second page fails: the fill goes on where it was.
fault -d kind=error -d status=500 -d code=UNKNOWN_EXCEPTION
ok 'a first fill is an error if the org does not send a page' not refill
org_forget
fs_mount -o refresh=3600,tries=1
calls '... and goes on after the last page that came' 'GET */query?*FROM ContentDocument WHERE Id > *' 1
