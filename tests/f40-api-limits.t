#!/bin/sh
# Calls stay within the org's limit and its reserve, and within a budget of the mount.
. "${0%/*}/lib.sh"; plan 34
data=$TMP/data
mkdir "$data"
for i in 1 2 3 4 5 6 7 8; do printf 'document %s\n' $i >"$data/d$i.txt"; done
printf 'a,b\n1,2\n' >"$data/Table.csv"
org_start --data "$data"
docs=$MNT/documents
limits() { jq -c "$1" "$MNT/.sffs/limits.json"; }
why() { "$@" 2>&1 >/dev/null | sed 's/.*: //' | tail -1; }
used() { org journal | grep -c '	/services/data/' || :; }	# API calls since the org began

# The calls of the mount so far.
fs_mount -o refresh=0
cp "$MNT/.sffs/limits.json" "$TMP/limits"
is 'stat knows the size of limits.json' "$(jq -r .budget.max "$TMP/limits") $(wc -c <"$TMP/limits")" \
	"null $(stat -c %s "$MNT/.sffs/limits.json")"
is 'limits.json counts the calls by kind' "$(limits '[.calls.fill, .calls.download, .calls.failed]')" '[1,0,0]'
is 'limits.json has the limit of the org and the reserve' \
	"$(limits '[.org.used, .org.max, .org.reserve, .org.in_reserve, .org.spent_until]')" \
	"[$(used),100000,10000,false,null]"
is 'limits.json counts calls without a budget' "$(limits '[.budget.used, .budget.max]')" "[$(used),null]"
find "$MNT" -exec stat {} + >/dev/null; grep -q . "$MNT/.sffs/status.json"
is 'a walk downloads nothing' "$(limits .calls.download)" 0
cat "$docs/d1/d1.txt" "$docs/d1/d1.txt" >/dev/null
head -c 1 "$docs/d2/d2.txt" >/dev/null
stat -c %s "$MNT/parsed/Table/rows.tsv" >/dev/null
cat "$MNT/parsed/Table/rows.tsv" "$MNT/parsed/Table/table.tsv" >/dev/null
is 'each document that is read costs one download' "$(limits .calls.download)" 3
org fault -d kind=hold-after -d bytes=1 -d times=1 --data-urlencode 'match=GET *VersionData' >/dev/null
cat "$docs/d3/d3.txt" >/dev/null & late=$!
org_held 1
fs_sync
org release -X POST >/dev/null
wait $late
is 'an answer that comes late does not set the count back' "$(limits .org.used)" "$(used)"
fs_unmount
# gone GLOB...: removes the cached files with such names, as an eviction does.
gone() { for g; do rm -f "$XDG_CACHE_HOME"/sffs/*/blobs/files/$g; done; }
table=$(cd "$XDG_CACHE_HOME"/sffs/*/blobs/files && ls *.tsv | sed 's/\..*//')	# its version's Id
gone "$table"
fs_mount -o refresh=3600
stat -c %s "$MNT/parsed/Table/rows.tsv" "$MNT/parsed/Table/table.csv" >/dev/null
is 'stat of views downloads nothing where the sizes are known' "$(limits .calls.download)" 0
cat "$MNT/parsed/Table/rows.tsv" >/dev/null
is 'reading a rendered view downloads nothing' "$(limits .calls.download)" 0
fs_unmount
gone "$table*"
fs_mount -o refresh=3600
stat -c %s "$MNT/parsed/Table/rows.tsv" >/dev/null
is 'stat of a removed view downloads nothing' "$(limits .calls.download)" 0
cat "$MNT/parsed/Table/rows.tsv" >/dev/null
is 'reading a removed view costs one download' "$(limits .calls.download)" 1
fs_unmount

# The reserve: the remaining calls are for reading.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o refresh=0,api_reserve=20
org set -d "api-limit=$((($(used) + 2) * 5 / 4))" >/dev/null
fs_sync; fs_sync 2>/dev/null; fs_sync 2>/dev/null
is 'limits.json says that only the reserve is left' "$(limits .org.in_reserve)" true
org_forget
is 'a refresh in the reserve is EDQUOT' "$(echo now | why tee "$MNT/.sffs/refresh")" 'Disk quota exceeded'
for i in 1 2 3; do ls "$docs" >/dev/null; done
is 'names are listed in the reserve' "$(ls "$docs" | wc -l)" 9
calls 'names cost no call in the reserve' '*' 0
like 'the log says that the reserve is for reading' "$(grep 'API limit' "$MNT/.sffs/log")" \
	"*and the rest is for reading (api_reserve): no refresh until 20??-??-?? ??:?? UTC"
is 'the log says so once' "$(grep -c 'API limit' "$MNT/.sffs/log")" 1
is 'a file can be read in the reserve' "$(cat "$docs/d3/d3.txt")" 'document 3'
calls 'reading in the reserve costs one call' 'GET */VersionData' 1
org_forget
for d in $(ls "$docs" | head -5); do cat "$docs/$d/content" >/dev/null; done
calls 'nothing is read ahead in the reserve' 'GET */VersionData' 4
fs_unmount

# The limit: only cached files can be read.
org set -d api-limit=100000 >/dev/null
fs_mount -o refresh=0
cat "$docs/d1/d1.txt" >/dev/null
org set -d api-limit=1 >/dev/null
is 'a file that is not cached is EDQUOT when the limit is spent' "$(why cat "$docs/d6/d6.txt")" 'Disk quota exceeded'
like 'limits.json says until when the limit is spent' "$(limits .org.spent_until)" '"20??-*Z"'
org_forget
is 'a cached file can be read when the limit is spent' "$(cat "$docs/d1/d1.txt")" 'document 1'
is 'another file is EDQUOT when the limit is spent' "$(why cat "$docs/d7/d7.txt")" 'Disk quota exceeded'
calls 'no call is made when the limit is spent' '*' 0
fs_unmount
org set -d api-limit=100000 >/dev/null

# A budget of this mount.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o refresh=3600,api_budget=7
org_forget
before=$(limits .budget.used)
is 'api_budget counts from the start of the mount' "$before $(limits .budget.max)" '4 7'
for i in 1 2 3 4 5 6 7; do cat "$docs/d$i/d$i.txt" >/dev/null 2>&1; done
calls 'a mount makes no more calls than api_budget' '*' $((7 - before))
is 'a file that is not cached is EDQUOT when the budget is spent' \
	"$(limits .budget.used) $(why cat "$docs/d8/d8.txt")" '7 Disk quota exceeded'
like 'the log says until when the budget is spent' "$(cat "$MNT/.sffs/log")" \
	'*the 7 calls of 24 hours that api_budget allows are made; no calls until 20??-??-?? ??:?? UTC,*'
is 'names and cached files are there when the budget is spent' "$(ls "$docs" | wc -l) $(cat "$docs/d1/d1.txt")" \
	'9 document 1'
fs_unmount
fs_mount -o refresh=3600,api_budget=7
is 'a new mount counts its budget from zero' "$(cat "$docs/d8/d8.txt") $(limits .budget.used)" 'document 8 2'
fs_unmount

# An org out of reach costs no call.
kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
fs_mount -o refresh=3600,api_budget=7,tries=1 2>/dev/null
why cat "$docs/d9/d9.txt" >/dev/null
is 'calls to an org out of reach do not count' "$(limits .budget.used)" 0
is 'api_budget is as before when the org is out of reach' "$(limits .budget.max)" 7
is 'a cached file can be read when the org is out of reach' "$(cat "$docs/d8/d8.txt")" 'document 8'
