#!/bin/sh
# sffs mounts by systemd's units, mount(8) and an automount, reports readiness, and writes to the journal.
. "${0%/*}/lib.sh"; plan 26
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
like 'a line elsewhere begins with its date' "$(cat "$TMP/log")" '20??-??-??T??:??:??Z info sffs: sim is mounted*'

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

# The places of logins and cached data. The helper of mount(8) sets HOME to root's home, so a boot and a person use the
# same place; a system unit has no HOME.
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
	plain="mount -t fuse.sffs sim '$MNT' -o config=$config && umount '$MNT'"
	with '' "$plain" >/dev/null
	is 'a mount at boot keeps login and cache in the home of root' "$(kept)" \
		'root/.cache/sffs/blobs root/.local/state/sffs/sim.json'
	with HOME=/root "$plain" >/dev/null
	is 'a mount by hand keeps login and cache in the home of root' "$(kept)" \
		'root/.cache/sffs/blobs root/.local/state/sffs/sim.json'
	with HOME=/root "sffs-auth --config '$config' login sim" >/dev/null
	like 'doctor of a unit names the login of root' \
		"$(with '' "sffs --config '$config' doctor sim")" \
		'*note  /root/.local/state/sffs/sim.json: another login, which is for mount(8) and fstab*'\
'env HOME=/root sffs doctor sim looks there*'
	kept >/dev/null
	with '' "sffs-auth --config '$config' login sim" >/dev/null
	like 'doctor of root names the login of the unit' "$(with HOME=/root "sffs --config '$config' doctor sim")" \
		'*note  /var/lib/sffs/sim.json: another login, which is for a system unit*'\
'env -u HOME sffs doctor sim looks there*'
	is 'the login of a unit and the login of root are different files' "$(kept)" \
		'lib/sffs/sim.json root/.local/state/sffs/sim.json'
	sed 's/^flow.*/flow = web/' "$config" >"$TMP/web"
	like 'the message for a unit says how to log in to its own login' \
		"$(with '' "sffs --config '$TMP/web' sim '$MNT'")" \
		'*: env -u HOME sffs-auth --config * login sim'
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
