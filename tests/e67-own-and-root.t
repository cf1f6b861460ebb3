#!/bin/sh
# A user mounts by fstab, by cron and by sudo. If this cannot work, sffs says why, and what to do.
unset TMPDIR	# so that another user can enter $TMP
. "${0%/*}/lib.sh"; plan 13
data=$TMP/data
mkdir "$data" "$TMP/bin" "$TMP/ann" "$TMP/ann/m" "$TMP/layer"
echo hello >"$data/Note.txt"
org_start --data "$data"
[ "$(id -u)" = 0 ] || { for i in $(seq "$planned"); do ok 'takes root' true; done; exit; }
chmod 711 "$TMP"
cp "$BUILD/sffs" "$BUILD/sffs-auth" "$TMP/bin"; chmod -R 755 "$TMP/bin"
chown -R 4711:4711 "$TMP/ann"
# Runs with its own /etc and /dev/fuse. Prints a line for each command: its description, its exit status and its words.
cat >"$TMP/try" <<'END'
mount --make-rprivate /
mount -t tmpfs none "$TMP/layer"; mkdir -m 755 "$TMP/layer/upper"; mkdir "$TMP/layer/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$TMP/layer/upper,workdir=$TMP/layer/work" none /etc
mknod -m 666 "$TMP/layer/fuse" c 10 229; chmod 666 "$TMP/layer/fuse"; mount --bind "$TMP/layer/fuse" /dev/fuse
mount --bind "$TMP/bin" /usr/local/bin
home=$TMP/ann
echo "ann:x:4711:4711::$home:/bin/sh" >>/etc/passwd
: >/etc/fuse.conf
mkdir -p -m 755 /etc/sffs
cp "$XDG_CONFIG_HOME/sffs/config" /etc/sffs/config
echo "sim $home/m fuse.sffs noauto,user 0 0" >/etc/fstab
# ann COMMAND...: as a user, with nothing in the environment, as cron may start it.
ann() { setpriv --reuid 4711 --regid 4711 --clear-groups env -i PATH=/usr/local/bin:/usr/bin:/bin:/sbin "$@"; }
say() { what=$1; shift; said=$("$@" 2>&1); echo "$what: $? $(echo "$said" | paste -sd '|')"; }
unmount() { ann fusermount3 -u "$home/m"; }

say 'a user cannot mount with a config that only root can read' ann mount "$home/m"
mkdir -p "$home/.config/sffs"
cp /etc/sffs/config "$home/.config/sffs"
chown -R 4711:4711 "$home/.config"
say 'a user with a config of his own mounts by fstab' ann mount "$home/m"
say 'a user reads his own mount' ann cat "$home/m/documents/Note/Note.txt"
say 'a user unmounts by umount' ann umount "$home/m"
say 'without HOME a user mounts' ann sffs sim "$home/m"
say 'without HOME login and cache are in the home of the user' \
	ls "$home/.local/state/sffs/sim.json" "$home"/.cache/sffs/*/blobs -d
say 'without HOME a user unmounts' unmount
say 'a user cannot mount with allow_other' ann sffs -o allow_other sim "$home/m"
say 'doctor says that a user cannot mount with allow_other' ann sffs doctor sim -o allow_other
echo user_allow_other >>/etc/fuse.conf
say 'a user can mount with allow_other if fuse.conf allows it' ann sffs -o allow_other sim "$home/m"
unmount

sudo() { env SUDO_USER=ann SUDO_UID=4711 SUDO_GID=4711 "$@"; }
say 'sudo sffs says that root owns the mount' sudo sffs sim "$home/m"; fusermount3 -u "$home/m"
say 'sudo sffs with allow_other says nothing' sudo sffs -o allow_other,umask=022 sim "$home/m"; fusermount3 -u "$home/m"
say 'root without sudo gets no note' env -u SUDO_USER sffs sim "$home/m"; fusermount3 -u "$home/m"
END
export TMP
unshare -m sh "$TMP/try" >"$TMP/tried" 2>"$TMP/try.err"
# said DESCRIPTION PATTERN: of the recorded line.
said() { like "$1" "$(sed -n "s/^$1: //p" "$TMP/tried")" "$2"; }
said 'a user cannot mount with a config that only root can read' \
	'2 sffs: /etc/sffs/config: only root can read it; run this as root, or *~/.config/sffs/config*'
said 'a user with a config of his own mounts by fstab' '0 '
said 'a user reads his own mount' '0 hello'
said 'a user unmounts by umount' '0 '
said 'without HOME a user mounts' '0 '
said 'without HOME login and cache are in the home of the user' '0 *'
said 'without HOME a user unmounts' '0 '
said 'a user cannot mount with allow_other' "6 sffs: $TMP/ann/m: allow_other is only for root; \
to let all users say it, as root: echo user_allow_other >>/etc/fuse.conf"
said 'doctor says that a user cannot mount with allow_other' \
	'6 *BAD   allow_other*as root: echo user_allow_other >>/etc/fuse.conf*'
said 'a user can mount with allow_other if fuse.conf allows it' '0 '
said 'sudo sffs says that root owns the mount' \
	'0 *root owns this mount, and ann cannot use or unmount it: run sffs without sudo, or with -o allow_*'
said 'sudo sffs with allow_other says nothing' '0 '
said 'root without sudo gets no note' '0 '
[ "$failed" = 0 ] || { sed 's/^/# /' "$TMP/tried" "$TMP/try.err"; }
