#!/bin/sh
# sffs mounts by systemd's units, mount(8) and an automount, reports readiness, and writes to the journal.
. "${0%/*}/lib.sh"; plan 30
org_start --synthetic 5000
sffs=$BUILD/sffs
config=$XDG_CONFIG_HOME/sffs/config

# Readiness as systemd gets it. notified SOCKET FILE: writes all notifications up to READY.
cat >"$TMP/notified.py" <<'END'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.settimeout(60)
s.bind(sys.argv[1].replace('@', '\0'))
open(sys.argv[2], 'w').close()
out = open(sys.argv[2], 'a')
print('listening', flush=True)
text = ''
while 'READY=1' not in text:
    text = s.recv(4096).decode()
    out.write(text + '\n')
END
mkfifo "$TMP/listening"
for socket in "$TMP/notify" "@$TMP/notify"; do
	rm -rf "$XDG_CACHE_HOME/sffs"
	python3 "$TMP/notified.py" "$socket" "$TMP/said" >"$TMP/listening" & listener=$!
	read -r line <"$TMP/listening"
	NOTIFY_SOCKET=$socket "$sffs" -f sim "$MNT" 2>"$TMP/log" & FS_PID=$!
	ok "READY=1 comes by $socket" wait $listener
	ok 'the mount serves files when READY=1 has come' [ -f "$MNT/.sffs/status.json" ]
	kill $FS_PID; wait $FS_PID
	is 'sffs -f exits 0 on SIGTERM' "$?" 0
	like 'the first fill asks systemd for time, and reports its progress' "$(cat "$TMP/said")" \
		'*EXTEND_TIMEOUT_USEC=*STATUS=2000 of 5000 documents*STATUS=4000*READY=1*'
done
FS_PID=

# The status follows the health of the mount. heard: prints the next notification.
cat >"$TMP/heard.py" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.settimeout(60)
s.bind(sys.argv[1])
print('listening', flush=True)
for line in sys.stdin: print(s.recv(4096).decode().replace('\n', '|'), flush=True)
END
mkfifo "$TMP/ask" "$TMP/answers"
python3 "$TMP/heard.py" "$TMP/health" <"$TMP/ask" >"$TMP/answers" & listener=$!
exec 8>"$TMP/ask" 9<"$TMP/answers"
read -r line <&9
heard() { echo >&8; read -r line <&9; echo "$line"; }
NOTIFY_SOCKET=$TMP/health fs_mount
is 'the first notification says where it is mounted' "$(heard)" "READY=1|STATUS=sim is mounted on $MNT"
org fault -d kind=error -d status=503 --data-urlencode 'match=GET */query*' -d times=forever >/dev/null
fs_sync 2>/dev/null; fs_sync 2>/dev/null
like 'a refresh that fails changes the status' "$(heard)" \
	'STATUS=failing since 20??-??-?? ??:?? UTC: the org is out of reach'
org fault/clear -X POST >/dev/null
fs_sync
is 'a refresh that works changes the status back, and nothing was sent in between' "$(heard)" \
	"STATUS=sim is mounted on $MNT"
fs_unmount
org fault -d kind=error -d status=503 --data-urlencode 'match=GET */query*' -d times=forever >/dev/null
NOTIFY_SOCKET=$TMP/health fs_mount 2>/dev/null
like 'a mount without the org is ready, and failing' "$(heard; heard)" \
	'STATUS=failing since *READY=1|STATUS=failing since 20??-??-?? ??:?? UTC: the org is out of reach'
org fault/clear -X POST >/dev/null
fs_unmount
exec 8>&- 9<&-
wait $listener

# The journal is a stream whose device and inode are in the environment.
python3 - "$sffs" "$MNT" "$TMP/journal" <<'END'
import os, subprocess, sys
out = open(sys.argv[3], 'w')
st = os.fstat(out.fileno())
p = subprocess.Popen([sys.argv[1], '-f', 'sim', sys.argv[2]], stderr=out,
                     env=dict(os.environ, JOURNAL_STREAM='%d:%d' % (st.st_dev, st.st_ino)))
while p.poll() is None and not os.path.exists(sys.argv[2] + '/.sffs'): pass
p.terminate(); p.wait()
END
is 'a line in the journal begins with its level' "$(sed -n 's/^<6>sffs: sim is mounted.*/yes/p' "$TMP/journal")" yes
"$sffs" -f sim "$MNT" 2>"$TMP/log" & FS_PID=$!
timeout 120 sh -c "until mountpoint -q '$MNT'; do sleep 0.05; done"
kill $FS_PID; wait $FS_PID; FS_PID=
like 'a line elsewhere begins with its date' "$(cat "$TMP/log")" \
	'*20??-??-??T??:??:??Z info sffs: sim is mounted*'

# The units.
mkdir -p "$TMP/units"
for kind in system user; do
	sed "s,@BINDIR@,$BUILD," "$TOP/scripts/systemd/$kind/sffs@.service" >"$TMP/units/sffs@.service"
	is "systemd understands the unit of the $kind" "$(systemd-analyze verify --man=no \
		$([ $kind = user ] && echo --user) "$TMP/units/sffs@sim.service" 2>&1 | grep sffs)" ''
done
like 'the unit does not restart sffs after a config error' "$(cat "$TMP/units/sffs@.service")" \
	'*RestartPreventExitStatus=2 3 4 6*'
ok 'no unit hides its mount' not grep -E '^(ProtectSystem|PrivateTmp|PrivateMounts|ReadWritePaths)' \
	"$TOP"/scripts/systemd/*/*

# mount(8) uses the helper of fuse3, which has none of our environment and finds sffs where it is installed.
mkdir "$TMP/bin"; ln -s "$sffs" "$TMP/bin/sffs"
inside() { HOME=$TMP unshare -m sh -c "mount --make-rprivate / && mount --bind '$TMP/bin' /usr/local/bin && $1"; }
mount="mount -t fuse.sffs sim '$MNT' -o noauto,x-systemd.automount,_netdev,config=$config"
like 'mount -t fuse.sffs mounts with options' \
	"$(inside "$mount,umask=022 && ls '$MNT' && stat -c %a '$MNT/documents' && umount '$MNT'" |
	paste -sd ' ')" '*documents*parsed*555'
ok 'umount ends a mount of mount(8)' inside "$mount && umount '$MNT' && ! mountpoint -q '$MNT'"
mkdir -p "$TMP/etc"; printf 'sim %s fuse.sffs noauto,x-systemd.automount,_netdev,config=%s 0 0\n' "$MNT" "$config" \
	>"$TMP/etc/fstab"
is 'a line of fstab mounts' "$(inside \
	"mount --fstab '$TMP/etc/fstab' '$MNT' && cat '$MNT/.sffs/status.json' | jq .documents; umount '$MNT'")" 5000
inside "mount -t fuse.sffs nosuch '$MNT' -o config=$config" >"$TMP/err" 2>&1
is 'mount -t fuse.sffs of an unknown org exits 2' "$?" 2
like 'mount -t fuse.sffs of an unknown org says which orgs there are' "$(cat "$TMP/err")" \
	'*there is no section*nosuch*sim*'

# Root has one place for logins and cached data, whoever starts it: a boot (mount(8) sets HOME to the home of root), a
# shell, cron, or a unit, which has no HOME.
mkdir "$TMP/root" "$TMP/lib" "$TMP/cached"
# with ENVIRONMENT COMMAND: runs it where /root and /var were empty at first.
with() {
	unshare -m \
		sh -c "mount --make-rprivate / && mount --bind '$TMP/bin' /usr/local/bin && 
		mount --bind '$TMP/root' /root && mount --bind '$TMP/lib' /var/lib &&
		mount --bind '$TMP/cached' /var/cache && exec env -i PATH='$PATH' $1 sh -c \"$2\"" 2>&1
}
# kept: lists the files that are new since the last time.
kept() { (cd "$TMP" && find root lib cached -name sim.json -o -name blobs | sed 's,/00D[^/]*,,' | sort |
	paste -sd ' '; rm -rf root/.[a-z]* lib/sffs cached/sffs); }
case $TOP:$BUILD in
*/root/*) for i in 1 2 3 4 5 6; do ok 'the programs are below /root' true; done ;;
*)
	ln -s "$BUILD/sffs-auth" "$TMP/bin/sffs-auth"
	for home in '' HOME=/root; do
		with "$home" "mount -t fuse.sffs sim '$MNT' -o config=$config && umount '$MNT'" >/dev/null
		is "mount(8) keeps login and cache in /var (${home:-no HOME})" "$(kept)" \
			'cached/sffs/blobs lib/sffs/sim.json'
		with "$home" "sffs --config '$config' sim '$MNT' && umount '$MNT'" >/dev/null
		is "sffs keeps login and cache in /var (${home:-no HOME})" "$(kept)" \
			'cached/sffs/blobs lib/sffs/sim.json'
	done
	sed 's/^flow.*/flow = web/' "$config" >"$TMP/web"
	like 'the message for a unit names a login that root can do' \
		"$(with '' "sffs --config '$TMP/web' sim '$MNT'")" '*: sffs-auth --config * login sim'
	mkdir -p "$TMP/root/.local/state/sffs" "$TMP/root/.config/sffs"
	cp "$config" "$TMP/root/.config/sffs/config"
	: >"$TMP/root/.local/state/sffs/sim.json"
	like "doctor finds root's config and login of version 0.1" "$(with HOME=/root "sffs doctor sim")" \
		'*ok    /root/.config/sffs/config*note  /root/.local/state/sffs/sim.json: a login of version 0.1*'
esac

# An automount: a program that looks at it waits for the mount, and the mount does not wait for itself. As under
# systemd, sffs starts in the process group of the automount's owner.
cat >"$TMP/automount.py" <<'END'
import ctypes, fcntl, os, struct, subprocess, sys
where, command = sys.argv[1], sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)
r, w = os.pipe()
os.setpgid(0, 0)
options = b'fd=%d,pgrp=%d,minproto=5,maxproto=5,direct' % (w, os.getpgrp())
if libc.mount(b'test', where.encode(), b'autofs', 0, options) < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
os.close(w)
fd = os.open(where, os.O_RDONLY)
look = subprocess.Popen(['timeout', '60', 'ls', where], stdout=subprocess.PIPE, start_new_session=True)
token, = struct.unpack_from('I', os.read(r, 4096), 8)
rc = subprocess.run(command, shell=True, timeout=50).returncode
fcntl.ioctl(fd, 0x9361 if rc else 0x9360, token)       # AUTOFS_IOC_FAIL, AUTOFS_IOC_READY
os.close(fd)
print(rc, look.communicate()[0].decode().split())
END
like 'a program that looks at an automount gets the mount' \
	"$(inside "python3 '$TMP/automount.py' '$MNT' \"$mount\"; umount '$MNT'; umount '$MNT'")" \
	"0 *'documents'*'parsed'*"
