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

like 'sffs --version prints the version' "$("$sffs" --version)" "sffs $(cat "$TOP/docs/VERSION")"
like 'sffs --help shows the usage' "$("$sffs" --help)" 'usage: sffs *'
like 'sffs --keys prints the keys' "$("$sffs" --keys)" '*transfers*cache_size*'
like 'sffs-auth --version prints the version' "$("$BUILD/sffs-auth" --version)" "sffs-auth $(cat "$TOP/docs/VERSION")"
like 'sffs-auth --help shows the usage' "$("$BUILD/sffs-auth" --help)" 'usage: sffs-auth *'

fs_mount
is 'the mount serves files when sffs returns' "$(cat "$MNT/documents/hello/hello.txt")" hello
is 'df -i counts documents, and says that there is room' "$(df --output=iused,ipcent "$MNT" | tail -1 | tr -s ' ')" \
	" $(ls "$MNT/documents" | wc -l) 1%"
like 'df shows the org as the source' "$(df --output=source,fstype "$MNT" | tail -1)" 'sim*fuse.sffs'
ok 'the mount has nosuid, nodev and noexec' sh -c \
	"grep ' $MNT fuse.sffs ' /proc/mounts | grep nosuid | grep nodev | grep -q noexec"
is 'files have mode 400, directories 500' "$(stat -c %a "$MNT/documents/hello/hello.txt" "$MNT/documents/hello" |
	paste -sd ' ')" '400 500'
fs_unmount
ok 'the daemon ends after an unmount' gone
ok 'nothing is mounted after an unmount' not mountpoint -q "$MNT"

for signal in INT TERM; do
	mkfifo "$TMP/log.$signal"
	# sh without job control starts background commands with SIGINT ignored; this restores it.
	python3 \
		-c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
		"$sffs" -f sim "$MNT" 2>"$TMP/log.$signal" & FS_PID=$!
	sed -n '/is mounted on/q' <"$TMP/log.$signal"
	is "sffs -f serves files before SIG$signal" "$(cat "$MNT/documents/hello/hello.txt")" hello
	kill -s $signal $FS_PID
	wait $FS_PID
	is "sffs -f exits 0 on SIG$signal" "$?" 0
	ok 'SIG$signal unmounts' not mountpoint -q "$MNT"
done
FS_PID=

ok 'sffs -o takes keys' fs_mount -o refresh=5,umask=022,names=portable
is 'umask in -o changes the modes' "$(stat -c %a "$MNT/documents/hello/hello.txt")" 444
fs_unmount
