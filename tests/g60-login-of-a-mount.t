#!/bin/sh
# A mount renews its token once for all readers; when its login ends, a new login beside the mount lets it go on.
. "${0%/*}/lib.sh"; plan 31
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
is 'a mount without a login exits 3' "$?" 3
like 'the message says how to log in' "$(cat "$TMP/err")" '*sffs-auth login sim*'
ok 'import gives a login' login
org_forget
ok 'a mount uses the imported login' fs_mount
calls 'the mount uses the token of the import' 'POST */token' 0
is 'a document can be read with the imported login' "$(cat "$MNT/documents/d1/d1.txt")" 'document 1'

org set -d rotate=1 -d refresh-time=300 >/dev/null
org expire-tokens -X POST >/dev/null
org_forget
is 'four readers go on when their token has expired' "$(each 2 3 4 5)" 4
calls 'a mount renews a token once for all readers' 'POST */token' 1
org expire-tokens -X POST >/dev/null
org_forget
"$auth" token sim >"$TMP/token" & other=$!
is 'two readers go on while another process renews the token' "$(each 6 7)" 2
wait "$other"
calls 'mount and other process renew a token once' 'POST */token' 1
is 'the token that the other process prints works' \
	"$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(cat "$TMP/token")" \
	"$ORG_URL/services/oauth2/userinfo")" 200
# A document far from any that was read, so that it was not fetched ahead.
org change -d op=add -d title=d8 -d path=d8.txt -d 'content=document 8' >/dev/null
fs_sync
ok 'a refresh works with the token of the other process' [ -d "$MNT/documents/d8" ]
org expire-tokens -X POST >/dev/null
"$auth" token sim >"$TMP/token"
org expire-tokens -X POST >/dev/null
org_forget
ok 'a refresh works although the token of the other process has expired as well' fs_sync
calls 'then the mount renews the token once' 'POST */token' 1

org revoke -X POST >/dev/null
org_forget
cat "$MNT/documents/d8/d8.txt" 2>"$TMP/err"
is 'after the login was revoked a read fails' "$?" 1
like 'the error of a revoked login is EACCES' "$(cat "$TMP/err")" '*Permission denied*'
each 8 >/dev/null
calls 'a revoked login is not tried again and again' 'POST */token' 1
like 'the log says how to log in again' "$(cat "$MNT/.sffs/log")" '*expired access/refresh token*sffs-auth login sim*'
ok 'import beside the mount gives a new login' login
is 'the mount goes on with the new login' "$(each 8)" 1
ok 'logout beside the mount works' sh -c "\"$auth\" logout sim && rm -f \"$file\""
org expire-tokens -X POST >/dev/null
org revoke -X POST >/dev/null
ok 'a refresh fails after the logout' not fs_sync
ok 'the log says that all looks fail' \
	grep -q 'Salesforce refuses the login; until a refresh works, all looks fail' "$MNT/.sffs/log"
ok 'the log does not say that names are still served' not grep -q 'showing the list' "$MNT/.sffs/log"
fs_unmount

ok 'import gives a login again' login
kill "$ORG_PID"; wait "$ORG_PID" 2>/dev/null; ORG_PID=
try
is 'an org that is out of reach is mounted from the cache' "$?" 0
is 'a cached file of an org out of reach can be read' "$(cat "$MNT/documents/d3/d3.txt")" 'document 3'
fs_unmount
rm "$file"
try
is 'an org out of reach is not mounted without a login' "$?" 3
sed -i 's/^flow.*/flow = client_credentials/' "$config"
try
is 'an org out of reach is not mounted if the login needs the org' "$?" 5
like 'the message names the host that is out of reach' "$(cat "$TMP/err")" '*127.0.0.1*'
ok 'nothing is mounted after a start that failed' not mountpoint -q "$MNT"
