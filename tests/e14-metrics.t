#!/bin/sh
# sffs status --metrics is OpenMetrics text, which node_exporter reads, too.
ALONE=${ALONE-1}
. "${0%/*}/lib.sh"; plan 15
data=$TMP/data second="$TMP/a \"b\" \\c"
mkdir "$data" "$second"
for i in 1 2 3; do printf 'document %s\n' $i >"$data/d$i.txt"; done
org_start --data "$data"
sffs=$BUILD/sffs
at_end() { fusermount3 -uz "$second" 2>/dev/null; }
own=own
sed "s/^\[sim\]/[$own]/" "$XDG_CONFIG_HOME/sffs/config" >"$TMP/own"
sed "s/^\[sim\]/[away]/" "$XDG_CONFIG_HOME/sffs/config" >>"$TMP/own"
cat "$TMP/own" >"$XDG_CONFIG_HOME/sffs/config"
metrics() { within "$sffs" status --metrics "$@"; }
# value NAME [LABELS]: of the samples of our org.
value() { metrics "$own" | sed -n "s/^$1{org=\"$own\",mountpoint=\"[^,]*\"$2} //p"; }

"$sffs" "$own" "$MNT"
is 'sffs status --metrics is OpenMetrics' "$(metrics | python3 "$TOP/tests/openmetrics.py")" ''
is 'there is one mount of the org' "$(metrics "$own" | grep '^sffs_mounts ')" 'sffs_mounts 1'
is 'the state is healthy' "$(value sffs_mount_state ',state="healthy"')" 1
is 'no other state is' "$(value sffs_mount_state ',state="[^h"][^"]*"' | paste -sd +)" 0+0+0+0+0+0+0+0
is 'it counts documents' "$(value sffs_documents) $(value sffs_documents_bytes)" '3 33'
cat "$MNT/documents/d1/d1.txt" >/dev/null
is 'it counts downloads and what is cached' \
	"$(value sffs_download_calls_total) $(value sffs_cache_files) $(value sffs_cache_bytes)" '1 1 11'
is 'it says how many calls are left' "$(($(value sffs_api_calls_used) + $(value sffs_api_calls_left)))" 100000
ok 'it says how old the last refresh is' test "$(value sffs_refresh_age_seconds)" -ge 0
is 'an org that is not mounted is in that state' "$(metrics away | grep 'state="not-mounted"')" \
	'sffs_mount_state{org="away",mountpoint="",state="not-mounted"} 1'
org fault -d times=forever --data-urlencode 'match=GET */query*' -d kind=html -d status=404 >/dev/null
echo now >"$MNT/.sffs/refresh" 2>/dev/null
metrics "$own" >"$TMP/out"
is 'an unhealthy mount: the exit status is 0' "$?" 0
is 'an unhealthy mount: it counts failed calls' "$(($(value sffs_failed_calls_total) > 0))" 1
is 'an unhealthy mount: its state' "$(value sffs_mount_state ',state="offline"')" 1
org fault/clear -X POST >/dev/null
"$sffs" unmount "$MNT"
"$sffs" "$own" "$second"
is 'odd characters of a mount point are escaped' "$(metrics "$own" | grep ^sffs_documents{)" \
	"sffs_documents{org=\"$own\",mountpoint=\"$TMP/a \\\"b\\\" \\\\c\"} 3"
is 'and it is OpenMetrics all the same' "$(metrics | python3 "$TOP/tests/openmetrics.py")" ''
is 'the checker finds faults' "$(metrics | sed 's/^# EOF//' | python3 "$TOP/tests/openmetrics.py" | sed -n 1p)" \
	'the last line is not # EOF'
"$sffs" unmount "$second"
