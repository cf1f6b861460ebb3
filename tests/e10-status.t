#!/bin/sh
# sffs status shows mounts, their state, and the orgs of the config that are not mounted; no mount can hang it.
ALONE=${ALONE-1}
. "${0%/*}/lib.sh"; plan 50
data=$TMP/data second="$TMP/second mount"
mkdir "$data" "$second"
printf 'hello\n' >"$data/hello.txt"
org_start --data "$data"
sffs=$BUILD/sffs
at_end() { [ -z "${pid-}" ] || kill -KILL "$pid" 2>/dev/null; fusermount3 -uz "$second" 2>/dev/null; }
# state ORG: what its mount or its absence is in JSON: state and documents.
state() { within "$sffs" status --json "$1" | jq -r '.[] | "\(.state) \(.documents)"'; }
advice() { within "$sffs" status --json "$1" | jq -r '.[].advice'; }
# shows DESCRIPTION ORG STATE DOCUMENTS STATUS: the state and the exit status; the table and JSON say the same.
shows() {
	within "$sffs" status "$2" >"$TMP/out"
	is "$1: exit status" "$?" "$5"
	is "$1: table" "$(awk 'NR == 2 { print $2, $3 }' "$TMP/out")" "$3 $4"
	is "$1: JSON" "$(state "$2")" "$3 $(echo "$4" | sed s/-/null/)"
}

is 'sffs --orgs lists the org' "$("$sffs" --orgs)" sim
own=own
sed "s/^\[sim\]/[$own]/" "$XDG_CONFIG_HOME/sffs/config" >"$TMP/own"
cat "$TMP/own" >>"$XDG_CONFIG_HOME/sffs/config"
printf '[other]\nlogin_url = https://other.example.my.salesforce.com\n' >>"$XDG_CONFIG_HOME/sffs/config"
is 'sffs --orgs lists all orgs of the config' "$("$sffs" --orgs | paste -sd ' ')" "sim $own other"
fs_mount -o tries=1
"$sffs" -o tries=1 "$own" "$second"
within "$sffs" status >"$TMP/out"
is 'sffs status with an org that is not mounted exits 1' "$?" 1
is 'sffs status shows a mount, its state and its documents' "$(awk -v where="$MNT" \
	'$NF == where { print $1, $2, $3 }' "$TMP/out")" 'sim healthy 1'
is 'sffs status shows a mount point with a blank' "$(sed -n "s,  *[^ ]* $second\$,,p" "$TMP/out" | tr -s ' ')" \
	"$own healthy 1"
is 'sffs status does not show a mounted org as not mounted' "$(grep -c '^sim  *not-mounted ' "$TMP/out")" 0
is 'sffs status --json shows mounts and orgs' "$("$sffs" status --json | jq -c --arg tmp "$TMP/" \
	'.[-1:] + map(select(.mountpoint // "" | startswith($tmp))) | map([.org, .state, .documents, .mountpoint])')" \
	"[[\"other\",\"not-mounted\",null,null],[\"sim\",\"healthy\",1,\"$MNT\"],[\"$own\",\"healthy\",1,\"$second\"]]"
shows 'a healthy mount' "$own" healthy 1 0
is 'a healthy mount: no advice' "$(advice "$own")" null
shows 'an org that is not mounted' other not-mounted - 1
is 'sffs status --json ORG has all members' "$("$sffs" status --json other | jq -r '.[] | keys_unsorted | join(" ")')" \
	'org state documents asked mountpoint pid advice'
"$sffs" status nosuch >"$TMP/out" 2>&1
is 'sffs status of an unknown org exits 2' "$?" 2

fault() { org fault -d times=forever --data-urlencode 'match=GET */query*' "$@" >/dev/null; }
refresh() { echo now >"$second/.sffs/refresh"; }
fault -d kind=error -d status=500
refresh 2>/dev/null
shows 'a mount whose refresh fails' "$own" failing 1 1
like 'a mount whose refresh fails: advice' "$(advice "$own")" "*$second/.sffs/log*"
org fault/clear -X POST >/dev/null
fault -d kind=html -d status=404
refresh 2>/dev/null
shows 'a mount whose org is out of reach' "$own" offline 1 1
org fault/clear -X POST >/dev/null
ok 'the org is in reach again' refresh
shows 'a mount whose org is in reach again' "$own" healthy 1 0
fault -d kind=error -d status=403 -d code=REQUEST_LIMIT_EXCEEDED -d 'message=TotalRequests Limit exceeded.'
refresh 2>/dev/null
shows 'a mount without API calls' "$own" limit-spent 1 1
org fault/clear -X POST >/dev/null

# A mount whose process is stopped, and goes on.
pid=$("$sffs" status --json "$own" | jq -r '.[].pid')
ok 'sffs status knows the process of a mount' grep -q "^State:" "/proc/$pid/status"
kill -STOP "$pid"
shows 'a stopped mount' "$own" stopped - 1
is 'a stopped mount: advice' "$(advice "$own")" "its process is stopped; to let it go on: kill -CONT $pid"
is 'sffs status shows the other mounts beside a stopped one' "$(state sim)" 'healthy 1'
kill -CONT "$pid"
is 'a mount that goes on is no longer stopped' "$(state "$own")" 'limit-spent 1'
kill -KILL "$pid"
within sh -c "while kill -0 $pid 2>/dev/null; do :; done"; pid=
shows 'a killed mount' "$own" dead - 1
is 'a killed mount: advice' "$(advice "$own")" "its process is gone; to remove it: sffs unmount '$second'"
"$sffs" unmount "$second"
is 'a killed mount is not shown after its unmount' "$(state "$own")" 'not-mounted null'

# A mount that answers nothing: this one has nobody who reads its requests.
cat >"$TMP/silent.py" <<'END'
import ctypes, os, sys
fd = os.open('/dev/fuse', os.O_RDWR)
options = b'fd=%d,rootmode=40000,user_id=%d,group_id=0' % (fd, os.getuid())
if ctypes.CDLL(None).mount(sys.argv[1].encode(), sys.argv[2].encode(), b'fuse.sffs', 0, options) == 0:
    print('mounted', flush=True)
sys.stdin.read()
END
mkfifo "$TMP/in" "$TMP/mounted"
python3 "$TMP/silent.py" "$own" "$second" <"$TMP/in" >"$TMP/mounted" & silent=$!
exec 8>"$TMP/in"
read -r line <"$TMP/mounted"
shows 'a mount that does not answer' "$own" busy - 1
exec 8>&-
wait "$silent"
umount "$second"

chmod 755 "$TMP"
is 'sffs status shows the mount of another user as private' \
	"$(setpriv --reuid 65534 --regid 65534 --clear-groups env XDG_CONFIG_HOME=/nonexistent \
	"$sffs" status | awk -v where="$MNT" '$NF == where { print $2 }')" private
"$sffs" "$own" "$second"
setpriv --reuid 65534 --regid 65534 --clear-groups env XDG_CONFIG_HOME=/nonexistent "$sffs" status "$own" >"$TMP/out"
is 'sffs status of the mount of another user exits 0' "$?" 0
"$sffs" unmount "$second"
fs_unmount
rm "$XDG_CONFIG_HOME/sffs/config"
"$sffs" status >"$TMP/out"
is 'sffs status where nothing is mounted exits 1' "$?" 1
is 'sffs status works without a config file' "$(cat "$TMP/out" | wc -l)" 1
is 'sffs --orgs prints nothing without a config file' "$("$sffs" --orgs)" ''
