#!/bin/sh
# make install, make deb and make dist install programs that work from there; purging the package leaves nothing.
. "${0%/*}/lib.sh"; plan 26
cd "$TOP" || exit 1
make() { command make -s BUILD="$BUILD" "$@"; }

# make install
ok 'make install exits 0' make install DESTDIR="$TMP/root" PREFIX=/opt/sffs
prefix=$TMP/root/opt/sffs
like 'make install installs the programs' \
	"$("$prefix/bin/sffs" --version) $("$prefix/bin/sffs-auth" --version) $("$prefix/bin/sffs-org" \
	--version)" 'sffs *sffs-auth *sffs-org *'
is 'make install installs the manual pages' "$(cd "$prefix/share/man" && ls man1 man5 | paste -sd ' ')" \
	'man1: sffs-auth.1 sffs-org.1 sffs.1  man5: sffs-tree.5 sffs.conf.5'
is 'make install installs the completion of both programs in three shells' "$(cd "$prefix/share" &&
	cat bash-completion/completions/sffs bash-completion/completions/sffs-auth \
	fish/vendor_completions.d/sffs.fish fish/vendor_completions.d/sffs-auth.fish zsh/site-functions/_sffs |
	grep -c '^# Completion of')" 5
is 'the installed units name the installed program' "$(grep -h '^ExecStart=' "$prefix"/lib/systemd/*/sffs@.service |
	grep -c '=/opt/sffs/bin/sffs -f')" 2
is 'the installed units have no placeholder' "$(grep -l '@' "$prefix"/lib/systemd/*/*.service |
	xargs grep -h '@[A-Z]*@')" ''
is 'make install writes nothing outside the prefix' "$(ls "$TMP/root" "$TMP/root/opt" | paste -sd ' ')" \
	"$TMP/root: opt  $TMP/root/opt: sffs"

# make deb
ok 'make deb exits 0' make deb
deb=$(ls "$BUILD"/sffs_*.deb)
is 'lintian finds no error and no warning' \
	"$(lintian --allow-root --suppress-tags debian-changelog-file-missing "$deb" 2>/dev/null | grep '^[EW]:')" ''
like 'the package depends on fuse3 and the libraries' "$(dpkg-deb -f "$deb" Depends)" '*fuse3*libcurl4*libfuse3-3*'
cp "$deb" "$TMP/first.deb"
ok 'make deb exits 0 again' make deb
same 'make deb makes the same bytes again' "$TMP/first.deb" "$deb"

# Installed, used and purged in a temporary copy of this system.
mkdir "$TMP/layer"; mount -t tmpfs none "$TMP/layer"; mkdir "$TMP/layer/upper" "$TMP/layer/work" "$TMP/sys"
at_end() { umount -l "$TMP/sys" "$TMP/layer" 2>/dev/null; }
mount -t overlay -o "lowerdir=/,upperdir=$TMP/layer/upper,workdir=$TMP/layer/work" none "$TMP/sys"
cp "$TMP/first.deb" "$TMP/sys/root/sffs.deb"
cat >"$TMP/sys/root/try" <<'END'
set -e
unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME BUILD
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mkdir -p /root/data /etc/sffs /mnt/acme
printf 'Region,Amount\nEMEA,3\n' >/root/data/Table.csv
mkfifo /root/out
sffs-org --data /root/data --name acme >/root/out & org=$!
while read -r line; do echo "$line"; case $line in client_secret*) break ;; esac; done </root/out >/etc/sffs/config
chmod 600 /etc/sffs/config
env -u HOME sffs acme /mnt/acme
cat /mnt/acme/parsed/Table/rows.tsv
fusermount3 -u /mnt/acme
mount -t fuse.sffs acme /mnt/acme
cat /mnt/acme/documents/Table/Table.csv | wc -c
umount /mnt/acme
ls -d /var/lib/sffs /var/cache/sffs
man -P cat sffs 2>/dev/null | head -1 >/dev/null || :
kill $org
END
inside() { unshare -m \
	sh -c "mount --rbind /dev '$TMP/sys/dev' && mount -t proc none '$TMP/sys/proc' && chroot '$TMP/sys' $1"; }
ok 'dpkg -i installs the package' inside 'dpkg -i /root/sffs.deb'
is 'dpkg -S knows the files of the package' "$(inside 'dpkg -S /usr/bin/sffs')" 'sffs: /usr/bin/sffs'
is 'dpkg --verify finds no changed file' "$(inside 'dpkg --verify sffs')" ''
inside 'sh /root/try' >"$TMP/tried" 2>&1
is 'the installed sffs mounts' "$?" 0
is 'the installed sffs serves documents' "$(head -2 "$TMP/tried" | paste -sd ' ')" 'EMEA	3 21'
like 'sffs without HOME keeps its data in /var' "$(cat "$TMP/tried")" '*/var/cache/sffs*/var/lib/sffs*'
ok 'dpkg -r removes the package' inside 'dpkg -r sffs'
ok 'dpkg -r keeps login and config' [ -d "$TMP/sys/var/lib/sffs" ]
ok 'dpkg -P purges the package' inside 'dpkg -P sffs'
is 'dpkg -P leaves nothing of the package' \
	"$(cd "$TMP/sys" && ls -d var/lib/sffs var/cache/sffs etc/sffs usr/bin/sffs* \
	usr/share/doc/sffs usr/lib/systemd/*/sffs* usr/share/man/man?/sffs* 2>/dev/null)" ''

# make dist
ok 'make dist exits 0' make dist
dist=$BUILD/sffs-$(cat docs/VERSION).tar.gz
cp "$dist" "$TMP/first.tar.gz"
make dist
same 'make dist makes the same bytes again' "$TMP/first.tar.gz" "$dist"
is 'make dist packs the files of the commit' \
	"$(tar tzf "$dist" | grep -c 'sffs-[0-9.]*/\(Makefile\|fs/mount/mount.c\|docs/sffs.1\)$')" 3
is 'make dist packs nothing that was built' "$(tar tzf "$dist" | grep -E '/build/|\.o$')" ''
