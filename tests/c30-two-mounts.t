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
at_end() { fusermount3 -uz "$second" 2>/dev/null; }
calls 'the second mount costs one call' '*' 1
same 'the second mount serves the same bytes' "$second/documents/big/big.bin" "$data/big.bin"
is 'the second mount has the same inode numbers' "$(ls -iR "$second/documents" | sed 's,.*/,,')" \
	"$(ls -iR "$MNT/documents" | sed 's,.*/,,')"
calls 'the second mount downloads no cached file again' 'GET */VersionData' 0
org change -d op=add -d title=New -d content=new >/dev/null
fs_sync
is 'a mount shows a new document after its refresh' "$(cat "$MNT/documents/New/New.txt")" new
org_forget
echo now >"$second/.sffs/refresh"
is 'the other mount shows it after its refresh' "$(cat "$second/documents/New/New.txt")" new
calls 'the other mount does not download it again' 'GET */VersionData' 0
fusermount3 -u "$second"

# Both start at the same time, without a list.
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
org_forget
"$BUILD/sffs" sim "$MNT" & one=$!
"$BUILD/sffs" sim "$second" & two=$!
wait $one; is 'of two that start at the same time the first mounts' "$?" 0
wait $two; is 'of two that start at the same time the second mounts' "$?" 0
ok 'two that start at the same time list the documents twice at most' test \
	"$(org_count 'GET */query*FROM ContentDocument *')" -le 2
same 'two that start at the same time serve the same bytes' "$MNT/documents/big/big.bin" "$second/documents/big/big.bin"

# Neither waits for a download of the other.
fusermount3 -u "$second"; fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount
"$BUILD/sffs" sim "$second"
org_forget
org fault -d kind=hold-after -d bytes=700000 --data-urlencode 'match=GET *VersionData' -d times=1 >/dev/null
cat "$MNT/documents/big/big.bin" >"$TMP/first" & one=$!
org_held 1
ok 'a mount reads to the end what the other is still downloading' timeout -s KILL 120 cmp \
	"$second/documents/big/big.bin" "$data/big.bin"
calls 'each of the two mounts downloads it' 'GET */VersionData' 2
org release -X POST >/dev/null
wait $one
same 'the mount that began first gets every byte' "$TMP/first" "$data/big.bin"
is 'the cache keeps one file of the two downloads' "$(find "$XDG_CACHE_HOME/sffs" -name '068*' | wc -l)" 1

# The other mount learns of the changes that one has found, at its next refresh.
cat "$MNT/documents/hello/metadata.json" "$second/documents/hello/metadata.json" >/dev/null
stat "$second/documents/hello/hello.txt" >/dev/null
org change -d op=new-version -d title=hello -d content='hello again' >/dev/null
org change -d op=delete -d title=New >/dev/null
fs_sync
echo now >"$second/.sffs/refresh"
is 'the other mount shows a new version after its refresh' "$(cat "$second/documents/hello/hello.txt")" 'hello again'
ok 'the other mount shows the whole record of the new version' jq . "$second/documents/hello/metadata.json"
ok 'the other mount lists a deleted document no more' not test -e "$second/documents/New"
is 'the other mount lists a deleted document no more in by-id' "$(ls "$second/by-id" | wc -l)" \
	"$(ls "$second/documents" | wc -l)"
fs_unmount
fusermount3 -u "$second"

# A mount that is stopped while it asks does not stop the other one.
hold() { org fault -d kind=hold --data-urlencode "match=$1" -d times=1 >/dev/null; }
go_on() { kill -CONT "$stopped" 2>/dev/null; }
at_end() { go_on; fusermount3 -uz "$second" 2>/dev/null; }
fs_mount -o refresh=3600
"$BUILD/sffs" -f -o refresh=3600,confine=no sim "$second" 2>"$TMP/log" & stopped=$!
for i in $(seq 100); do mountpoint -q "$second" && break; sleep 0.1; done
ls "$second/documents" >/dev/null
org fault -d kind=hold-after -d bytes=60 --data-urlencode 'match=GET */queryAll*' -d times=1 \
	>/dev/null	# what comes is from before the changes
echo now >"$second/.sffs/refresh" & two=$!
org_held 1
kill -STOP $stopped
org change -d op=new-version -d title=hello -d content=newest >/dev/null
ok 'a refresh ends while another mount is stopped in one' timeout -s KILL 120 sh -c "echo now >'$MNT/.sffs/refresh'"
is 'the refresh brings the changes' "$(cat "$MNT/documents/hello/hello.txt")" newest
org change -d op=new-version -d title=hello -d content='newer still' >/dev/null
ok 'a second refresh ends while the other is still stopped' timeout -s KILL 120 sh -c "echo now >'$MNT/.sffs/refresh'"
is 'the second refresh does not wait for the stopped mount' "$(grep -c 'gets nowhere' "$MNT/.sffs/log")" 1
org_forget
go_on
org release -X POST >/dev/null
ok 'the refresh of the stopped mount ends after SIGCONT' wait $two
calls 'the stopped mount uses the answer of the other one' 'GET */queryAll*' 0
is 'both mounts show the newest version' \
	"$(cat "$second/documents/hello/hello.txt") $(cat "$MNT/documents/hello/hello.txt")" \
	'newer still newer still'
fusermount3 -u "$second"; wait $stopped; fs_unmount

rm -rf "$XDG_CACHE_HOME/sffs"
hold 'GET */query?q=SELECT*FROM ContentDocument *'
"$BUILD/sffs" -f -o confine=no sim "$second" 2>"$TMP/log" & stopped=$!
org_held 1
kill -STOP $stopped
ok 'a first fill ends while another mount is stopped in one' timeout -s KILL 120 "$BUILD/sffs" -o refresh=3600 sim \
	"$MNT"
ls "$MNT/documents" >"$TMP/one"
go_on
org release -X POST >/dev/null
for i in $(seq 100); do mountpoint -q "$second" && break; sleep 0.1; done
ls "$second/documents" >"$TMP/two"
same 'the stopped mount lists the same after SIGCONT' "$TMP/one" "$TMP/two"
is 'both list all documents' "$(paste -sd' ' "$TMP/one")" 'big hello'
fusermount3 -u "$second"; wait $stopped; fs_unmount
