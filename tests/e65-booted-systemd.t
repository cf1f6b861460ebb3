#!/bin/sh
# The units and the line of fstab work under a systemd that runs in a copy of this system.
. "${0%/*}/lib.sh"; plan 21
root=$TMP/sys
mkdir "$TMP/layer" "$root"
cat >"$TMP/boot" <<'END'
set -e
mount --make-rprivate /
mount -t tmpfs none "$TMP/layer"; mkdir "$TMP/layer/upper" "$TMP/layer/work"
mount -t overlay -o "lowerdir=/,upperdir=$TMP/layer/upper,workdir=$TMP/layer/work" none "$root"
cd "$root"
mount -t tmpfs -o mode=755 none dev
for d in null zero full random urandom tty fuse autofs; do touch dev/$d; mount --bind /dev/$d dev/$d; done
mkdir dev/pts dev/shm; ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 none run; mount -t tmpfs -o mode=1777 none tmp
: >etc/machine-id; : >etc/fstab
# The installed files.
cp "$BUILD/sffs" "$BUILD/sffs-auth" "$BUILD/sffs-org" usr/local/bin
for kind in system user; do
	sed 's,@BINDIR@,/usr/local/bin,' "$TOP/scripts/systemd/$kind/sffs@.service" >etc/systemd/$kind/sffs@.service
done
rm -rf var/lib/sffs var/cache/sffs etc/sffs	# of this system
mkdir -p etc/systemd/system/sffs@.service.d etc/sffs mnt/acme root/acme root/data
printf '[Service]\nRestartSec=1\n' >etc/systemd/system/sffs@.service.d/soon.conf
echo hello >root/data/Note.txt
cp "$TMP/try" root/try
cat >etc/systemd/system/try.service <<X
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sh /root/try >/root/tried 2>&1; systemctl --no-block exit 0'
X
timeout -k 5 180 unshare -p -f -C -u -i -n --kill-child sh -c 'mount -t proc none proc; mount -t sysfs none sys
	mount -t cgroup2 none sys/fs/cgroup
	exec chroot . env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system \
		--unit=try.service --log-target=console --show-status=0' >"$TMP/boot.log" 2>&1 || :
cp root/tried "$TMP/tried"
END
cat >"$TMP/try" <<'END'
export HOME=/root
mkfifo /root/out
sffs-org --data /root/data --name acme >/root/out &
while read -r line; do echo "$line"; case $line in client_secret*) break ;; esac; done </root/out >/etc/sffs/config
chmod 600 /etc/sffs/config
# say WHAT COMMAND...: records the first line of its output.
say() { printf '%s: ' "$1"; shift; "$@" 2>&1 | head -1; }
until_is() { timeout 120 sh -c "until [ \"\$($2)\" = '$1' ]; do sleep 0.1; done"; }
pid() { systemctl show -P MainPID sffs@acme; }

systemctl daemon-reload
systemctl start sffs@acme; say 'the unit starts' echo $?
say 'the mount of the unit serves a document' cat /mnt/acme/documents/Note/Note.txt
say 'systemctl shows the mount point' systemctl show -P StatusText sffs@acme
# systemd notes the status a little after the mount has sent it.
url=$(sed -n 's/^login_url = //p' /etc/sffs/config)
org() { curl -sSf "$url/_org/$1" -d kind=error -d status=503 -d times=forever -d 'match=GET */query*' >/dev/null
	echo now >/mnt/acme/.sffs/refresh; }
org fault
until_is failing "systemctl show -P StatusText sffs@acme | cut -d' ' -f1"
say 'systemctl says since when a mount is failing, and why' systemctl show -P StatusText sffs@acme
org fault/clear
until_is acme "systemctl show -P StatusText sffs@acme | cut -d' ' -f1"
say 'systemctl says that a mount is well again' systemctl show -P StatusText sffs@acme
say 'the mount of the unit is confined' sed -n 's/^CapEff:.//p' "/proc/$(pid)/status"
say 'login and cache are in the directories of the system' \
	sh -c 'ls -d /var/lib/sffs/acme.json /var/cache/sffs/*/blobs | wc -l'
first=$(pid)
kill -KILL "$first"
until_is active 'systemctl show -P ActiveState sffs@acme'
timeout 120 sh -c "until cat /mnt/acme/documents/Note/Note.txt >/dev/null 2>&1; do sleep 0.1; done"
say 'killed, it comes back' sh -c "[ $(pid) != $first ] && cat /mnt/acme/documents/Note/Note.txt"
systemctl stop sffs@acme
say 'a stopped unit leaves nothing mounted' \
	sh -c "mountpoint -q /mnt/acme && echo mounted; systemctl show -P Result sffs@acme"
mkdir -p /mnt/nosuch
systemctl start sffs@nosuch 2>/dev/null
say 'the unit of an unknown org exits 2' systemctl show -P ExecMainStatus sffs@nosuch
say 'the unit of an unknown org is not started again' systemctl show -P NRestarts sffs@nosuch
say 'the unit can be enabled' \
	sh -c 'systemctl enable -q sffs@acme
	ls /etc/systemd/system/multi-user.target.wants | grep -x sffs@acme.service'

# fstab
echo 'acme /mnt/acme fuse.sffs noauto,x-systemd.automount,_netdev,allow_other,umask=022 0 0' >/etc/fstab
systemctl daemon-reload
systemctl start mnt-acme.automount
say 'the line of fstab mounts nothing before a look' systemctl show -P ActiveState mnt-acme.mount
say 'a look at the automount gets the document' cat /mnt/acme/documents/Note/Note.txt
say 'after the look the line of fstab is mounted' systemctl show -P ActiveState mnt-acme.mount
say 'fstab and the unit share one login and one cache' sh -c 'echo \
	$(find /root /var -name acme.json | wc -l) $(find /root /var -name blobs | wc -l)'
systemctl stop mnt-acme.mount
say 'systemctl stop unmounts' systemctl show -P Result mnt-acme.mount
until_is 0 'pgrep -c -x sffs'	# it ends when it finds that it is unmounted
say 'no sffs is left after the unmount' sh -c 'pgrep -c -x sffs || :'
systemctl stop mnt-acme.automount

# The unit of a user
mkdir -p /run/user/0 /root/.config/sffs; chmod 700 /run/user/0
cp /etc/sffs/config /root/.config/sffs/config
export XDG_RUNTIME_DIR=/run/user/0
mkdir -p /root/acme
/lib/systemd/systemd --user --unit=basic.target 2>/root/user.log &
timeout 120 sh -c 'until systemctl --user is-active -q basic.target 2>/dev/null; do sleep 0.1; done'
systemctl --user start sffs@acme; say 'the unit of a user starts' echo $?
say 'the mount of a user serves a document' cat /root/acme/documents/Note/Note.txt
systemctl --user stop sffs@acme
say 'the stopped unit of a user leaves nothing mounted' \
	sh -c 'mountpoint -q /root/acme && echo mounted; systemctl --user show -P Result sffs@acme'
END
export BUILD TMP TOP root
unshare -m sh "$TMP/boot" >"$TMP/boot.log" 2>&1
[ -s "$TMP/tried" ] || { note 'no systemd runs here:'; tail -20 "$TMP/boot.log" | sed 's/^/# /'; }
# said DESCRIPTION WANT: checks the recorded line.
said() { is "$1" "$(sed -n "s/^$1: //p" "$TMP/tried" 2>&1)" "$2"; }
# saw DESCRIPTION PATTERN
saw() { like "$1" "$(sed -n "s/^$1: //p" "$TMP/tried" 2>&1)" "$2"; }
said 'the unit starts' 0
said 'the mount of the unit serves a document' hello
said 'systemctl shows the mount point' 'acme is mounted on /mnt/acme'
case $BUILD in *asan|*tsan|*valgrind) ok 'a sanitizer is not confined' true ;; *) said \
	'the mount of the unit is confined' \
	000000000000000e ;; esac
said 'login and cache are in the directories of the system' 2
saw 'systemctl says since when a mount is failing, and why' \
	'failing since 20??-??-?? ??:?? UTC: the org is out of reach'
said 'systemctl says that a mount is well again' 'acme is mounted on /mnt/acme'
said 'killed, it comes back' hello
said 'a stopped unit leaves nothing mounted' success
said 'the unit of an unknown org exits 2' 2
said 'the unit of an unknown org is not started again' 0
said 'the unit can be enabled' sffs@acme.service
said 'the line of fstab mounts nothing before a look' inactive
said 'a look at the automount gets the document' hello
said 'after the look the line of fstab is mounted' active
said 'systemctl stop unmounts' success
said 'fstab and the unit share one login and one cache' '1 1'
said 'no sffs is left after the unmount' 0
said 'the unit of a user starts' 0
said 'the mount of a user serves a document' hello
said 'the stopped unit of a user leaves nothing mounted' success
[ "$failed" = 0 ] || { sed 's/^/# /' "$TMP/tried"; tail -40 "$TMP/boot.log" | sed 's/^/# /'; }
