#!/bin/sh
# sffs mounts and unmounts as a daemon and in the foreground, ends on signals, and leaves nothing behind.
. "${0%/*}/lib.sh"; plan 20
data=$TMP/data
mkdir "$data"
printf 'hello\n' >"$data/hello.txt"
org_start --data "$data"
sffs=$BUILD/sffs
running() { pgrep -f "$sffs.* $MNT\$" | wc -l; }
# gone: waits until the sffs of the mount point has ended, which it does after it is unmounted.
gone() { timeout 120 sh -c "while pgrep -f '$sffs.* $MNT\$' >/dev/null; do sleep 0.05; done"; }

like 'sffs --version' "$("$sffs" --version)" "sffs $(cat "$TOP/docs/VERSION")"
like 'sffs --help shows the usage' "$("$sffs" --help)" 'usage: sffs *'
like 'and --keys each key' "$("$sffs" --keys)" '*transfers*cache_size*'
like 'sffs-auth --version' "$("$BUILD/sffs-auth" --version)" "sffs-auth $(cat "$TOP/docs/VERSION")"
like 'sffs-auth --help' "$("$BUILD/sffs-auth" --help)" 'usage: sffs-auth *'

fs_mount
is 'it returns when the mount answers' "$(cat "$MNT/documents/hello/hello.txt")" hello
is 'df -i counts documents, and there is room' "$(df --output=iused,ipcent "$MNT" | tail -1 | tr -s ' ')" \
	" $(ls "$MNT/documents" | wc -l) 1%"
like 'df names it' "$(df --output=source,fstype "$MNT" | tail -1)" 'sim*fuse.sffs'
ok 'mounted nosuid, nodev, noexec' sh -c \
	"grep ' $MNT fuse.sffs ' /proc/mounts | grep nosuid | grep nodev | grep -q noexec"
is 'files are 0400, directories 0500' "$(stat -c %a "$MNT/documents/hello/hello.txt" "$MNT/documents/hello" |
	paste -sd ' ')" '400 500'
fs_unmount
ok 'unmounted, the daemon ends' gone
ok 'and nothing is mounted' not mountpoint -q "$MNT"

for signal in INT TERM; do
	mkfifo "$TMP/log.$signal"
	# sh without job control starts background commands with SIGINT ignored; this restores it.
	python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
		"$sffs" -f sim "$MNT" 2>"$TMP/log.$signal" & FS_PID=$!
	sed -n '/is mounted on/q' <"$TMP/log.$signal"
	is "-f serves ($signal)" "$(cat "$MNT/documents/hello/hello.txt")" hello
	kill -s $signal $FS_PID
	wait $FS_PID
	is "SIG$signal ends it well" "$?" 0
	ok 'and unmounts' not mountpoint -q "$MNT"
done
FS_PID=

ok '-o takes keys' fs_mount -o refresh=5,umask=022,names=portable
is 'and they act' "$(stat -c %a "$MNT/documents/hello/hello.txt")" 444
fs_unmount
