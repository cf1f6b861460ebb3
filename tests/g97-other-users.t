#!/bin/sh
# With allow_other, other users read the documents. Only the owner reads the log and spends the last API calls.
unset TMPDIR	# so that other users can enter $TMP
. "${0%/*}/lib.sh"; plan 26
data=$TMP/data
mkdir "$data"
for i in $(seq 110); do printf 'document %s\n' $i >"$data/d$i.txt"; done
printf 'a,b\n1,2\n' >"$data/Table.csv"
org_start --data "$data"
[ "$(id -u)" = 0 ] || { for i in $(seq "$planned"); do ok 'takes root' true; done; exit; }
chmod 711 "$TMP"
docs=$MNT/documents
as() { setpriv --reuid "${user:-65534}" --regid 65534 --clear-groups "$@"; }
why() { "$@" 2>&1 >/dev/null | sed 's/.*: //' | tail -1; }
limits() { jq -c "$1" "$MNT/.sffs/limits.json"; }
used() { org journal | grep -c '	/services/data/' || :; }	# API calls since the org began

fs_mount -o allow_other,umask=022,uid=1234,refresh=0,api_reserve=50
is 'other users read documents' "$(as cat "$docs/d1/d1.txt")" 'document 1'
for file in log status.json limits.json MD5SUMS documents.tsv refresh; do
	is "other users cannot read .sffs/$file" "$(why as cat "$MNT/.sffs/$file")" 'Permission denied'
done
is 'other users cannot cause a refresh' "$(as sh -c "echo now >'$MNT/.sffs/refresh'" 2>&1 |
	sed 's/.*: //')" 'Permission denied'
is 'the owner of the files can refresh and read .sffs' "$(user=1234; as sh -c "echo now >'$MNT/.sffs/refresh'" &&
	as grep -c . "$MNT/.sffs/status.json" >/dev/null && echo yes)" yes
is 'a download for another user is counted' "$(limits .calls.download)" 1

mkfifo "$TMP/go" "$TMP/opened"
as sh -c 'exec 3<"$1"; echo opened; read -r go; cat <&3 2>&1 | sed "s/.*: //"' sh "$docs/d4/d4.txt" \
	<"$TMP/go" >"$TMP/opened" &
exec 8>"$TMP/go" 9<"$TMP/opened"
read -r opened <&9
org set -d "api-limit=$((($(used) + 2) * 2))" >/dev/null
fs_sync; fs_sync 2>/dev/null; fs_sync 2>/dev/null
is 'only the reserve is left' "$(limits .org.in_reserve)" true
org_forget
is 'other users read what is cached when only the reserve is left' "$(as cat "$docs/d1/d1.txt")" 'document 1'
is 'other users read no document that is not cached' "$(why as cat "$docs/d2/d2.txt")" 'Disk quota exceeded'
exec 8>&-
read -r got <&9
is 'other users cannot read on in a document that they opened before' "$opened, $got" 'opened, Disk quota exceeded'
is 'other users get no view of a document that is not cached' "$(why as stat "$MNT/parsed/Table/table.tsv")" \
	'Disk quota exceeded'
is 'other users cannot ask for the documents of a record' "$(why as ls "$MNT/records/Account/Acme")" \
	'Disk quota exceeded'
is 'other users cannot ask for an unknown Id' "$(why as ls "$MNT/by-id/069000000000000AAA/")" 'Disk quota exceeded'
is 'other users can still walk the tree and see sizes' \
	"$(as ls "$docs" | wc -l) $(as stat -c %s "$docs/d2/d2.txt")" '111 11'
calls 'other users cause no call when only the reserve is left' '*' 0
like 'the log says that the last calls are for the owner' "$(cat "$MNT/.sffs/log")" \
	'*API limit: the last calls (api_reserve, a tenth of api_budget) are for the owner of the mount; *'
is 'the owner reads with the reserve' "$(user=1234; as cat "$docs/d2/d2.txt" "$MNT/parsed/Table/header" |
	paste -sd ' ')" 'document 2 a b'
is 'root reads with the reserve' "$(cat "$docs/d3/d3.txt")" 'document 3'
is 'other users can read the documents that the owner has read' "$(as cat "$docs/d2/d2.txt" "$docs/d3/d3.txt" \
	"$MNT/parsed/Table/table.tsv" | wc -l)" 4
fs_unmount
org set -d api-limit=100000 >/dev/null

rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o allow_other,umask=022,refresh=3600,api_budget=100
as cat "$docs"/d*/d*.txt >"$TMP/read" 2>/dev/null
like 'other users leave a tenth of api_budget' "$(limits .budget.used)" '9?'
cat "$docs"/d*/d*.txt >"$TMP/read" 2>/dev/null
is 'the owner spends the last tenth of api_budget' "$(limits .budget.used)" 100
fs_unmount

# With refresh=0 each look wants a refresh.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o allow_other,umask=022,refresh=0,api_budget=50
for i in $(seq 60); do as stat -c '' "$docs/d$i"; done >/dev/null 2>&1
like 'refreshes for other users leave a tenth of api_budget' \
	"$(limits .budget.used) $(as ls "$docs" | wc -l)" '4[0-9] 111'
fs_unmount
