#!/bin/sh
# sffs mounts and unmounts as a daemon and in the foreground, ends on signals, and leaves nothing behind.
. "${0%/*}/lib.sh"; plan 41
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

incremental() { tar --listed-incremental="$TMP/snapshot" --no-check-device -cf "$TMP/tar" -C "$MNT" documents &&
	tar -tf "$TMP/tar" | grep -c '[^/]$'; }
fs_mount
is 'tar backs up a mount' "$(incremental)" 2
like 'the log begins with version, org, mount point and what is left out' \
	"$(head -2 "$MNT/.sffs/log" | paste -sd '|')" \
	"20??-??-??T??:??:??Z info sffs: version $(cat "$TOP/docs/VERSION") mounts [[]sim] of * on $MNT: *|\
*: left out: legacy Attachments and Documents; archived documents"
like 'the log says when it was mounted' "$(cat "$MNT/.sffs/log")" "*info sffs: sim is mounted on $MNT*"
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

for signal in INT TERM HUP QUIT ALRM XCPU; do
	mkfifo "$TMP/log.$signal"
	# sh without job control ignores SIGINT and SIGQUIT for background commands, nohup SIGHUP; this restores them.
	python3 \
		-c 'import os, signal, sys
[signal.signal(s, signal.SIG_DFL) for s in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)]
os.execv(sys.argv[1], sys.argv[1:])' "$sffs" -f sim "$MNT" 2>"$TMP/log.$signal" & FS_PID=$!
	sed -n '/is mounted on/q' <"$TMP/log.$signal"
	is "sffs -f serves files before SIG$signal" "$(cat "$MNT/documents/hello/hello.txt")" hello
	kill -s $signal $FS_PID
	wait $FS_PID
	is "sffs -f exits 0 on SIG$signal" "$?" 0
	ok "SIG$signal unmounts" not mountpoint -q "$MNT"
done
# The process group of a mount, as a terminal signals it: the mounter is in it, too.
mkfifo "$TMP/log.group"
setsid python3 -c 'import os, signal, sys
signal.signal(signal.SIGQUIT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
	"$sffs" -f sim "$MNT" 2>"$TMP/log.group" & FS_PID=$!
sed -n '/is mounted on/q' <"$TMP/log.group"
kill -s QUIT -- "-$FS_PID"
wait $FS_PID
is 'SIGQUIT for its process group ends sffs -f' "$?" 0
ok 'SIGQUIT for its process group unmounts' not mountpoint -q "$MNT"
FS_PID=

mkfifo "$TMP/log.ignored"
(trap '' TERM; exec python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
	"$sffs" -f sim "$MNT" 2>"$TMP/log.ignored") & FS_PID=$!
sed -n '/is mounted on/q' <"$TMP/log.ignored"
kill -s INT $FS_PID
ok 'SIGINT ends sffs -f where the caller ignores SIGTERM' timeout 60 sh -c \
	"while mountpoint -q '$MNT'; do sleep 0.05; done"
kill -s KILL $FS_PID 2>/dev/null
wait $FS_PID
FS_PID=

fs_mount
for signal in USR1 USR2 PIPE VTALRM PROF IO PWR 16 XFSZ WINCH URG CHLD CONT RTMIN RTMAX; do
	kill -s $signal "$(pgrep -f "$sffs.* $MNT\$")"
done
is 'a signal that does not ask it to end changes nothing for a mount' "$(cat "$MNT/documents/hello/hello.txt")" hello
fs_unmount
ok 'a mount that got such signals ends when it is unmounted' gone

fs_mount
is 'tar --no-check-device finds nothing new in the next mount' "$(incremental)" 0
fs_unmount
ok 'sffs -o takes keys' fs_mount -o refresh=5,umask=022,names=portable
is 'umask in -o changes the modes' "$(stat -c %a "$MNT/documents/hello/hello.txt")" 444
fs_unmount
