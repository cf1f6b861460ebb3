#!/bin/sh
# A mount renews its token once for all readers; when its login ends, a new login beside the mount lets it go on.
. "${0%/*}/lib.sh"; plan 29
data=$TMP/data
mkdir "$data"
for i in 1 2 3 4 5 6 7; do printf 'document %s\n' $i >"$data/d$i.txt"; done
org_start --data "$data"
auth=$BUILD/sffs-auth
config=$XDG_CONFIG_HOME/sffs/config
file=$XDG_STATE_HOME/sffs/sim.json
id=$(sed -n 's/^client_id = //p' "$config") secret=$(sed -n 's/^client_secret = //p' "$config")
sed -i 's/^flow.*/flow = web/' "$config"
login() { printf 'force://%s:%s:%s@%s' "$id" "$secret" "$(org approve -X POST)" "${ORG_URL#*://}" | "$auth" import sim \
	>"$TMP/out" 2>&1; }
try() { "$BUILD/sffs" "$@" sim "$MNT" >"$TMP/out" 2>"$TMP/err"; }
# each FILES...: reads all at once, and prints how many were right.
each() {
	pids=
	for i in "$@"; do { [ "$(cat "$MNT/documents/d$i/d$i.txt" 2>/dev/null)" = "document $i" ] && touch \
		"$TMP/right.$i"; } & pids="$pids $!"; done
	for pid in $pids; do wait "$pid"; done
	ls "$TMP" | grep -c '^right\.'; rm -f "$TMP"/right.*
}

try
is 'a mount of nobody' "$?" 3
like 'says what to do' "$(cat "$TMP/err")" '*sffs-auth login sim*'
ok 'a login' login
org_forget
ok 'is enough to mount' fs_mount
calls 'and the token that it gave is used' 'POST */token' 0
is 'a document' "$(cat "$MNT/documents/d1/d1.txt")" 'document 1'

org set -d rotate=1 -d refresh-time=300 >/dev/null
org expire-tokens -X POST >/dev/null
org_forget
is 'readers whose token has ended' "$(each 2 3 4 5)" 4
calls 'renew it once' 'POST */token' 1
org expire-tokens -X POST >/dev/null
org_forget
"$auth" token sim >"$TMP/token" & other=$!
is 'readers, and another process' "$(each 6 7)" 2
wait "$other"
calls 'renew it once, too' 'POST */token' 1
is 'with the login that is stored' \
	"$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(cat "$TMP/token")" \
	"$ORG_URL/services/oauth2/userinfo")" 200
# A document far from any that was read, so that it was not fetched ahead.
org change -d op=add -d title=d8 -d path=d8.txt -d 'content=document 8' >/dev/null
fs_sync
ok 'the mount goes on' [ -d "$MNT/documents/d8" ]

org revoke -X POST >/dev/null
org_forget
cat "$MNT/documents/d8/d8.txt" 2>"$TMP/err"
is 'a login that was revoked' "$?" 1
like 'is a permission that is gone' "$(cat "$TMP/err")" '*Permission denied*'
each 8 >/dev/null
calls 'and is not asked for again and again' 'POST */token' 1
like 'the log says what to do' "$(cat "$MNT/.sffs/log")" '*expired access/refresh token*sffs-auth login sim*'
ok 'a login beside the mount' login
is 'lets it go on' "$(each 8)" 1
ok 'a logout beside it' sh -c "\"$auth\" logout sim && rm -f \"$file\""
org expire-tokens -X POST >/dev/null
org revoke -X POST >/dev/null
ok 'files that are not cached fail' not fs_sync
ok 'the log says that looks fail' grep -q 'Permission denied): until one works, all looks fail' "$MNT/.sffs/log"
ok 'and not that anything is served' not grep -q 'still served' "$MNT/.sffs/log"
fs_unmount

ok 'once more' login
kill "$ORG_PID"; wait "$ORG_PID" 2>/dev/null; ORG_PID=
try
is 'an org that is out of reach is mounted from the cache' "$?" 0
is 'and read' "$(cat "$MNT/documents/d3/d3.txt")" 'document 3'
fs_unmount
rm "$file"
try
is 'but without a login it cannot go on' "$?" 3
sed -i 's/^flow.*/flow = client_credentials/' "$config"
try
is 'nor with one that would have to be asked for' "$?" 5
like 'and why is said' "$(cat "$TMP/err")" '*127.0.0.1*'
ok 'nothing is mounted' not mountpoint -q "$MNT"
