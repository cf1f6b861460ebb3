#!/bin/sh
# Two mounts of one org share catalogue and cache, and do not ask twice.
. "${0%/*}/lib.sh"; plan 29
data=$TMP/data
mkdir "$data"
printf 'hello\n' >"$data/hello.txt"
head -c 1000000 /dev/urandom >"$data/big.bin"
org_start --data "$data"
second=$TMP/second
mkdir "$second"
fs_mount -o refresh=3600
cmp "$MNT/documents/big/big.bin" "$data/big.bin" >/dev/null
org_forget
"$BUILD/sffs" -o refresh=3600 sim "$second"
trap 'fusermount3 -uz "$second" 2>/dev/null; cleanup; [ "$failed" = 0 ] && [ "$number" = "${planned:-0}" ] || exit 1' \
	EXIT
calls 'the second mount costs one call' '*' 1
same 'its files are the same' "$second/documents/big/big.bin" "$data/big.bin"
is 'and so are its inodes' "$(ls -iR "$second/documents" | sed 's,.*/,,')" "$(ls -iR "$MNT/documents" | sed 's,.*/,,')"
calls 'a cached file is not downloaded again' 'GET */VersionData' 0
org change -d op=add -d title=New -d content=new >/dev/null
fs_sync
is 'the answers of one are known to the other' "$(cat "$MNT/documents/New/New.txt")" new
org_forget
echo now >"$second/.sffs/refresh"
is 'the other has too' "$(cat "$second/documents/New/New.txt")" new
calls 'without a second download' 'GET */VersionData' 0
fusermount3 -u "$second"

# Both start at the same time, without a list.
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
org_forget
"$BUILD/sffs" sim "$MNT" & one=$!
"$BUILD/sffs" sim "$second" & two=$!
wait $one; is 'both can be mounted at once' "$?" 0
wait $two; is 'the other one' "$?" 0
ok 'one fills the list, the other refreshes it at most' test "$(org_count 'GET */query*FROM ContentDocument *')" -le 2
same 'both are right' "$MNT/documents/big/big.bin" "$second/documents/big/big.bin"

# Neither waits for a download of the other.
fusermount3 -u "$second"; fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount
"$BUILD/sffs" sim "$second"
org_forget
org fault -d kind=hold-after -d bytes=700000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
cat "$MNT/documents/big/big.bin" >"$TMP/first" & one=$!
curl -sSf "$ORG_URL/_org/wait?held=1&timeout=30" >/dev/null
ok 'the other reads the file that one is downloading, to the end' timeout -s KILL 120 cmp \
	"$second/documents/big/big.bin" "$data/big.bin"
calls 'by a download of its own' 'GET */VersionData' 2
org release -X POST >/dev/null
wait $one
same 'and the one that began has it all' "$TMP/first" "$data/big.bin"
is 'one file is kept' "$(find "$XDG_CACHE_HOME/sffs" -name '068*' | wc -l)" 1

# The other mount learns of the changes that one has found, at its next refresh.
cat "$MNT/documents/hello/metadata.json" "$second/documents/hello/metadata.json" >/dev/null
stat "$second/documents/hello/hello.txt" >/dev/null
org change -d op=new-version -d title=hello -d content='hello again' >/dev/null
org change -d op=delete -d title=New >/dev/null
fs_sync
echo now >"$second/.sffs/refresh"
is 'a new version' "$(cat "$second/documents/hello/hello.txt")" 'hello again'
ok 'its record, whole' jq . "$second/documents/hello/metadata.json"
ok 'what is gone' not test -e "$second/documents/New"
is 'by its Id too' "$(ls "$second/by-id" | wc -l)" "$(ls "$second/documents" | wc -l)"
fs_unmount
fusermount3 -u "$second"

# A mount that is stopped while it asks does not stop the other one.
hold() { org fault -d kind=hold --data-urlencode "match=$1" -d times=1 >/dev/null; }
held() { curl -sSf "$ORG_URL/_org/wait?held=1&timeout=30" >/dev/null; }
go_on() { kill -CONT "$stopped" 2>/dev/null; }
trap 'go_on; fusermount3 -uz "$second" 2>/dev/null; cleanup; [ "$failed" = 0 ] && [ "$number" = "${planned:-0}" ] || exit 1' EXIT
fs_mount -o refresh=3600
"$BUILD/sffs" -f -o refresh=3600,confine=no sim "$second" 2>"$TMP/log" & stopped=$!
for i in $(seq 100); do mountpoint -q "$second" && break; sleep 0.1; done
ls "$second/documents" >/dev/null
org fault -d kind=hold-after -d bytes=60 --data-urlencode 'match=GET */queryAll*' -d times=1 \
	>/dev/null	# what comes is from before the changes
echo now >"$second/.sffs/refresh" & two=$!
held
kill -STOP $stopped
org change -d op=new-version -d title=hello -d content=newest >/dev/null
ok 'a refresh, while another mount is stopped in one' timeout -s KILL 120 sh -c "echo now >'$MNT/.sffs/refresh'"
is 'brings the changes' "$(cat "$MNT/documents/hello/hello.txt")" newest
org change -d op=new-version -d title=hello -d content='newer still' >/dev/null
ok 'the next one too' timeout -s KILL 120 sh -c "echo now >'$MNT/.sffs/refresh'"
is 'which does not wait for it again' "$(grep -c 'gets nowhere' "$MNT/.sffs/log")" 1
org_forget
go_on
org release -X POST >/dev/null
ok 'the one that goes on ends its refresh' wait $two
calls 'it uses the answer of the other one' 'GET */queryAll*' 0
is 'and is as new' "$(cat "$second/documents/hello/hello.txt") $(cat "$MNT/documents/hello/hello.txt")" \
	'newer still newer still'
fusermount3 -u "$second"; wait $stopped; fs_unmount

rm -rf "$XDG_CACHE_HOME/sffs"
hold 'GET */query?q=SELECT*FROM ContentDocument *'
"$BUILD/sffs" -f -o confine=no sim "$second" 2>"$TMP/log" & stopped=$!
held
kill -STOP $stopped
ok 'a first fill, while another mount is stopped in one' timeout -s KILL 120 "$BUILD/sffs" -o refresh=3600 sim "$MNT"
ls "$MNT/documents" >"$TMP/one"
go_on
org release -X POST >/dev/null
for i in $(seq 100); do mountpoint -q "$second" && break; sleep 0.1; done
ls "$second/documents" >"$TMP/two"
same 'the one that goes on lists the same' "$TMP/one" "$TMP/two"
is 'with all names' "$(paste -sd' ' "$TMP/one")" 'big hello'
fusermount3 -u "$second"; wait $stopped; fs_unmount
