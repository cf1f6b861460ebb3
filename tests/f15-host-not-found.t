#!/bin/sh
# With a host name that cannot be found, a mount serves what it has, a start uses the last state, and nothing hangs.
. "${0%/*}/lib.sh"; plan 8
data=$TMP/data
mkdir "$data"
printf 'cached\n' >"$data/cached.txt"
printf 'not cached\n' >"$data/other.txt"
org_start --data "$data"
fs_mount
cat "$MNT/documents/cached/cached.txt" >/dev/null
fs_unmount
# Only the host of the login changes.
sed -i "s,$ORG_URL,https://acme.my.salesforce.invalid,g" "$XDG_STATE_HOME"/sffs/sim.json "$XDG_CONFIG_HOME/sffs/config"
why() { timeout -s KILL 120 "$@" 2>&1 >/dev/null | sed 's/.*: //' | tail -1; }

timeout -s KILL 120 "$BUILD/sffs" -o tries=2,refresh=0 sim "$MNT" 2>"$TMP/err"
is 'a mount whose host cannot be found starts from the last state' "$?" 0
like 'the message says that the host could not be resolved' "$(cat "$TMP/err")" \
	'*out of reach: Could not resolve host: acme.my.salesforce.invalid*showing the list of*'
is 'all names are there' "$(ls "$MNT/documents" | paste -sd ' ')" 'cached other'
is 'a cached file can be read' "$(cat "$MNT/documents/cached/cached.txt")" cached
ok 'df and stat work' sh -c "df '$MNT' && stat '$MNT/documents/other/other.txt'"
is 'a file that is not cached is ETIMEDOUT' "$(why cat "$MNT/documents/other/other.txt")" 'Connection timed out'
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
timeout -s KILL 120 "$BUILD/sffs" -o tries=2 sim "$MNT" 2>"$TMP/err"
is 'without a last state a host that cannot be found is exit status 5' "$?" 5
is 'without a last state the message is one line' \
	"$(grep -c 'Could not resolve host' "$TMP/err") $(wc -l <"$TMP/err")" '1 1'
