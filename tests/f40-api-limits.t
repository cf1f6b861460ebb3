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
is 'limits.json is JSON, and as large as it says' "$(jq -r .budget.max "$TMP/limits") $(wc -c <"$TMP/limits")" \
	"null $(stat -c %s "$MNT/.sffs/limits.json")"
is 'the calls of the mount, by kind' "$(limits '[.calls.fill, .calls.download, .calls.failed]')" '[1,0,0]'
is 'the whole org' "$(limits '[.org.used, .org.max, .org.reserve, .org.in_reserve, .org.spent_until]')" \
	"[$(used),100000,10000,false,null]"
is 'no budget, but a count' "$(limits '[.budget.used, .budget.max]')" "[$(used),null]"
find "$MNT" -exec stat {} + >/dev/null; grep -q . "$MNT/.sffs/status.json"
is 'walking downloads nothing' "$(limits .calls.download)" 0
cat "$docs/d1/d1.txt" "$docs/d1/d1.txt" >/dev/null
head -c 1 "$docs/d2/d2.txt" >/dev/null
stat -c %s "$MNT/parsed/Table/rows.tsv" >/dev/null
cat "$MNT/parsed/Table/rows.tsv" "$MNT/parsed/Table/table.tsv" >/dev/null
is 'each document that is read is one download' "$(limits .calls.download)" 3
org fault -d kind=hold-after -d bytes=1 -d times=1 --data-urlencode 'match=GET *VersionData' >/dev/null
cat "$docs/d3/d3.txt" >/dev/null & late=$!
org wait -G -d held=1 -d timeout=30 >/dev/null
fs_sync
org release -X POST >/dev/null
wait $late
is 'an answer that is late does not set the count back' "$(limits .org.used)" "$(used)"
fs_unmount
# gone GLOB...: removes the cached files with such names, as an eviction does.
gone() { for g; do rm -f "$XDG_CACHE_HOME"/sffs/*/blobs/files/$g; done; }
table=$(cd "$XDG_CACHE_HOME"/sffs/*/blobs/files && ls *.tsv | sed 's/\..*//')	# its version's Id
gone "$table"
fs_mount -o refresh=3600
stat -c %s "$MNT/parsed/Table/rows.tsv" "$MNT/parsed/Table/table.csv" >/dev/null
is 'no download where the sizes are known' "$(limits .calls.download)" 0
cat "$MNT/parsed/Table/rows.tsv" >/dev/null
is 'nor where the view is rendered already' "$(limits .calls.download)" 0
fs_unmount
gone "$table*"
fs_mount -o refresh=3600
stat -c %s "$MNT/parsed/Table/rows.tsv" >/dev/null
is 'sizes are known without the rendered views, too' "$(limits .calls.download)" 0
cat "$MNT/parsed/Table/rows.tsv" >/dev/null
is 'reading one is a download' "$(limits .calls.download)" 1
fs_unmount

# The reserve: the remaining calls are for reading.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o refresh=0,api_reserve=20
org set -d "api-limit=$((($(used) + 2) * 5 / 4))" >/dev/null
fs_sync; fs_sync 2>/dev/null; fs_sync 2>/dev/null
is 'only the reserve is left' "$(limits .org.in_reserve)" true
org_forget
is 'a refresh does not touch it' "$(echo now | why tee "$MNT/.sffs/refresh")" 'Disk quota exceeded'
for i in 1 2 3; do ls "$docs" >/dev/null; done
is 'names are there' "$(ls "$docs" | wc -l)" 9
calls 'and nobody asks for them' '*' 0
like 'the log says so, once' "$(grep 'API limit' "$MNT/.sffs/log")" \
	"*what is left is for reading (api_reserve): no refresh until *"
is 'once' "$(grep -c 'API limit' "$MNT/.sffs/log")" 1
is 'a reader gets its file' "$(cat "$docs/d3/d3.txt")" 'document 3'
calls 'by one call' 'GET */VersionData' 1
org_forget
for d in $(ls "$docs" | head -5); do cat "$docs/$d/content" >/dev/null; done
calls 'nothing is read ahead' 'GET */VersionData' 4
fs_unmount

# The limit: only cached files can be read.
org set -d api-limit=100000 >/dev/null
fs_mount -o refresh=0
cat "$docs/d1/d1.txt" >/dev/null
org set -d api-limit=1 >/dev/null
is 'spent: EDQUOT' "$(why cat "$docs/d6/d6.txt")" 'Disk quota exceeded'
like 'and until when' "$(limits .org.spent_until)" '"20??-*Z"'
org_forget
is 'a cached file can be read' "$(cat "$docs/d1/d1.txt")" 'document 1'
is 'others are EDQUOT' "$(why cat "$docs/d7/d7.txt")" 'Disk quota exceeded'
calls 'without a call' '*' 0
fs_unmount
org set -d api-limit=100000 >/dev/null

# A budget of this mount.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o refresh=3600,api_budget=7
org_forget
before=$(limits .budget.used)
is 'counted, from the mount on' "$before $(limits .budget.max)" '4 7'
for i in 1 2 3 4 5 6 7; do cat "$docs/d$i/d$i.txt" >/dev/null 2>&1; done
calls 'no more than that' '*' $((7 - before))
is 'it is spent' "$(limits .budget.used) $(why cat "$docs/d8/d8.txt")" '7 Disk quota exceeded'
like 'the log says until when' "$(cat "$MNT/.sffs/log")" \
	'*the 7 calls of 24 hours that api_budget allows are made; no calls until 20??-??-?? ??:??,*'
is 'names and cached files are there' "$(ls "$docs" | wc -l) $(cat "$docs/d1/d1.txt")" '9 document 1'
fs_unmount
fs_mount -o refresh=3600,api_budget=7
is 'a new mount counts from zero' "$(cat "$docs/d8/d8.txt") $(limits .budget.used)" 'document 8 2'
fs_unmount

# An org out of reach costs no call.
kill "$ORG_PID"; wait "$ORG_PID"; ORG_PID=
fs_mount -o refresh=3600,api_budget=7,tries=1 2>/dev/null
why cat "$docs/d9/d9.txt" >/dev/null
is 'calls that found nobody do not count' "$(limits .budget.used)" 0
is 'and the budget is as before' "$(limits .budget.max)" 7
is 'a cached file can be read' "$(cat "$docs/d8/d8.txt")" 'document 8'
