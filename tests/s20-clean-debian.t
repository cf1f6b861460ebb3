#!/bin/sh
# In a bare Debian the package brings what it needs, and mounts by the line of fstab in the manual and by its unit.
. "${0%/*}/lib.sh"; plan 14
cd "$TOP" || exit 1
sys=$TMP/sys
at_end() { umount -l "$sys" 2>/dev/null; }

ok 'make deb exits 0' make -s BUILD="$BUILD" deb
deb=$(ls "$BUILD"/sffs_*.deb)
mkdir "$sys"; mount -t tmpfs none "$sys"
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -1)
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
ok "debootstrap makes a clean $suite" debootstrap --variant=minbase --include=ca-certificates "$suite" "$sys" "$mirror"
cp -a /etc/apt/. "$sys/etc/apt/"
cp -L /etc/resolv.conf /etc/hosts "$sys/etc/"
cp "$deb" "$sys/root/sffs.deb"
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root unshare -m sh -c \
	"mount --rbind /dev '$sys/dev' && mount -t proc none '$sys/proc' && exec chroot '$sys' $1"; }
is 'a clean Debian has no FUSE' "$(ls "$sys"/bin/fusermount3 "$sys"/sbin/mount.fuse* 2>/dev/null)" ''
ok 'apt-get installs the package with its dependencies' inside \
	"sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
/root/sffs.deb'"

sed -n 's/^\(acme \/mnt\/acme fuse\.sffs .*\)/\1/p' docs/sffs.1 >>"$sys/etc/fstab"
sed -n 's/^ExecStart\(Pre\)\{0,1\}=//p' "$sys/usr/lib/systemd/system/sffs@.service" | sed \
	's/^-\(.*\)/\1 || :/; s/%i/acme/g' >"$sys/root/unit"
is 'sffs(1) has one line for fstab' "$(grep -c '^acme /mnt/acme fuse.sffs ' "$sys/etc/fstab")" 1
is 'the unit starts sffs -f' "$(tail -1 "$sys/root/unit")" '/usr/bin/sffs -f --config /etc/sffs/config acme /mnt/acme'
cat >"$sys/root/try" <<'END'
set -e
mkdir -p /root/data /etc/sffs /mnt/acme
printf 'Region,Amount\nEMEA,3\n' >/root/data/Table.csv
mkfifo /root/out
sffs-org --data /root/data --name acme >/root/out & org=$!
trap 'kill $org' EXIT
while read -r line; do echo "$line"; case $line in client_secret*) break ;; esac; done </root/out >/etc/sffs/config
chmod 600 /etc/sffs/config
sffs doctor acme >/root/doctor 2>&1 || { cat /root/doctor >&2; exit 1; }
mount /mnt/acme
cat /mnt/acme/parsed/Table/rows.tsv
stat -c %a /mnt/acme/documents
umount /mnt/acme
{ sed '$d' /root/unit; echo "exec $(tail -1 /root/unit)"; } >/root/start
: >/root/log
env -u HOME sh /root/start 2>>/root/log & unit=$!
until grep -q 'is mounted' /root/log; do kill -0 $unit; sleep 0.1; done
cat /mnt/acme/documents/Table/Table.csv
kill $unit
wait $unit
echo "ended: $?"
grep -c ' /mnt/acme ' /proc/self/mounts || :
END
inside 'sh /root/try' >"$TMP/tried" 2>"$TMP/err"
is 'mount, doctor and unit work in a clean Debian' "$? $(grep -v ' info ' "$TMP/err")" '0 '
is 'the mount of fstab serves rows' "$(sed -n 1p "$TMP/tried")" 'EMEA	3'
is 'the mount of fstab has the modes of its line' "$(sed -n 2p "$TMP/tried")" 555
is 'the mount of the unit serves a document' "$(sed -n 3,4p "$TMP/tried" | paste -sd ' ')" 'Region,Amount EMEA,3'
is 'the mount of the unit ends with status 0' "$(sed -n 5p "$TMP/tried")" 'ended: 0'
is 'the stopped unit leaves no mount' "$(sed -n 6p "$TMP/tried")" 0
ok 'dpkg -P purges the package' inside 'dpkg -P sffs'
is 'dpkg -P leaves nothing of the package' "$(cd "$sys" && ls -d var/lib/sffs var/cache/sffs etc/sffs usr/bin/sffs* \
	usr/lib/systemd/*/sffs* 2>/dev/null)" ''
