#!/bin/sh
# sffs status shows mounts, their state, and the orgs of the config that are not mounted; no mount can hang it.
. "${0%/*}/lib.sh"; plan 22
data=$TMP/data
mkdir "$data" "$TMP/second mount"
printf 'hello\n' >"$data/hello.txt"
org_start --data "$data"
sffs=$BUILD/sffs
# line WHERE: org, state and documents of the mount there.
line() { "$sffs" status | awk -v where="$1" \
	'substr($0, length($0) - length(where)) == " " where { print $1, $2, $3 }'; }

is 'sffs --orgs lists the org' "$("$sffs" --orgs)" sim
# An org that no other test mounts.
own=own$$
sed "s/^\[sim\]/[$own]/" "$XDG_CONFIG_HOME/sffs/config" >"$TMP/own"
cat "$TMP/own" >>"$XDG_CONFIG_HOME/sffs/config"
printf '[other]\nlogin_url = https://other.example.my.salesforce.com\n' >>"$XDG_CONFIG_HOME/sffs/config"
is 'sffs --orgs lists all orgs of the config' "$("$sffs" --orgs | paste -sd ' ')" "sim $own other"
fs_mount
is 'sffs status shows a mount, its state and its documents' "$(line "$MNT")" 'sim ok 1'
is 'sffs status does not show a mounted org as unmounted' "$("$sffs" status | grep -c '^sim  *unmounted ')" 0
is 'sffs status shows an org that is not mounted' "$("$sffs" status | grep -c '^other  *unmounted ')" 1
"$sffs" "$own" "$TMP/second mount"
is 'sffs status shows a mount point with a blank' "$(line "$TMP/second mount")" "$own ok 1"
is 'sffs status ORG shows this org only' "$("$sffs" status "$own" | wc -l)" 2
is 'sffs status --json shows mounts and orgs' "$("$sffs" status --json | jq -c --arg tmp "$TMP/" \
	'.[-1:] + map(select(.mountpoint // "" | startswith($tmp))) | map([.org, .state, .documents, .mountpoint])')" \
	"[[\"other\",\"unmounted\",null,null],[\"sim\",\"ok\",1,\"$MNT\"],[\"$own\",\"ok\",1,\"$TMP/second mount\"]]"
is 'sffs status --json ORG shows an org that is not mounted' "$("$sffs" status --json other | jq -c .)" \
	'[{"org":"other","state":"unmounted","documents":null,"asked":null,"mountpoint":null}]'
"$sffs" status "$own" >/dev/null
is 'sffs status of a healthy mount exits 0' "$?" 0
"$sffs" status other >/dev/null
is 'sffs status of an org that is not mounted exits 1' "$?" 1
"$sffs" status nosuch >"$TMP/out" 2>&1
is 'sffs status of an unknown org exits 2' "$?" 2

# A mount whose process is stopped.
pid=$(pgrep -f "$sffs $own $TMP/second mount\$")
kill -STOP "$pid"
is 'sffs status shows a stopped mount as silent' \
	"$(timeout 120 "$sffs" status | grep 'second mount' | awk '{ print $2 }')" silent
"$sffs" status "$own" >/dev/null
is 'sffs status of a stopped mount exits 1' "$?" 1
is 'sffs status shows the other mounts beside a stopped one' "$(line "$MNT")" 'sim ok 1'
kill -CONT "$pid"
kill -KILL "$pid"
timeout 120 sh -c "while kill -0 $pid 2>/dev/null; do :; done"
is 'sffs status shows a killed mount as dead' "$(line "$TMP/second mount")" "$own dead -"
"$sffs" status "$own" >/dev/null
is 'sffs status of a killed mount exits 1' "$?" 1
fusermount3 -u "$TMP/second mount"
is 'sffs status does not show a killed mount after its unmount' "$(line "$TMP/second mount")" ''

org fault -d kind=error -d status=500 --data-urlencode 'match=GET */query*' -d times=forever >/dev/null
fs_sync 2>/dev/null
is 'sffs status shows a mount whose refresh fails as failing' "$(line "$MNT")" 'sim failing 1'
chmod 755 "$TMP"
is 'sffs status shows the mount of another user as private' \
	"$(setpriv --reuid 65534 --regid 65534 --clear-groups env XDG_CONFIG_HOME=/nonexistent \
	"$sffs" status |
	awk -v where="$MNT" '$NF == where { print $2 }')" private
fs_unmount
rm "$XDG_CONFIG_HOME/sffs/config"
"$sffs" status >"$TMP/out"
ok 'sffs status works without a config file' test "$?" -le 1 # other mounts of this machine may be dead
is 'sffs --orgs prints nothing without a config file' "$("$sffs" --orgs)" ''
