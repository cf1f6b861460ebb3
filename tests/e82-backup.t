#!/bin/sh
# The README's nightly backup reports success only when the backup shows one moment of the org, and never yesterday's.
. "${0%/*}/lib.sh"; plan 18
data=$TMP/data home=$TMP/home backup=$TMP/home/backup night=$MNT-backup
mkdir -p "$data" "$backup" "$home/bin" "$night"
for i in 1 2 3; do printf 'document %s\n' $i >"$data/d$i.txt"; done
org_start --data "$data" --name acme
config=$XDG_CONFIG_HOME/sffs/config
export MNT API=none PATH="$BUILD:$home/bin:$PATH"
# A change in the org or the mount, after MD5SUMS is read and before any file is.
cat >"$home/bin/rsync" <<END
#!/bin/sh -e
[ ! -f "$TMP/meanwhile" ] || . "$TMP/meanwhile"
exec $(command -v rsync) "\$@"
END
chmod +x "$home/bin/rsync"
cd "$TOP" || exit 1
# tonight DESCRIPTION STATUS-AND-TEXT [MEANWHILE]: runs the recipe, which must leave nothing mounted.
tonight() {
	printf '%s\n' "${3-}" >"$TMP/meanwhile"
	python3 tests/readme.py "$home" recipe 'Back up' >"$TMP/out" 2>&1
	like "$1" "$? $(cat "$TMP/out")" "$2"
	ok '... nothing is mounted after the backup' not mountpoint -q "$night"
}
post() { printf "curl -sSf '%s/_org/%s' -o /dev/null %s;" "$ORG_URL" "$1" "$2"; }
right='0 3 files, all right'

tonight 'a backup' "$right"
tonight 'a second backup' "$right"
# The everyday mount sees the new version, as any mount that refreshes.
"$BUILD/sffs" -o refresh=0 acme "$MNT"
tonight 'a backup during which a document gets a new version' "$right" \
	"$(post change "-d op=new-version -d title=d1 -d content=second") cat '$MNT/documents/d1/d1.txt' >/dev/null"
is 'a new version during the backup is not in it' "$(cat "$backup/documents/d1/d1.txt")" 'document 1'
fs_unmount
tonight 'the next backup' "$right"
is 'the next backup has the new version' "$(cat "$backup/documents/d1/d1.txt")" second

org change -d op=new-version -d title=d2 -d 'content=nobody has read this' >/dev/null
tonight 'a backup whose mount is killed' '[1-9]*not connected*' \
	"kill -9 \$(pgrep -fx 'sffs .* acme $night'); while cat '$night/.sffs/status.json' >/dev/null 2>&1; do sleep \
0.1; done"
cp "$config" "$TMP/config.right"
sed -i 's/^client_secret.*/client_secret = wrong/' "$config"
mv "$XDG_STATE_HOME/sffs" "$XDG_STATE_HOME/kept"
tonight 'a backup whose login is refused' '4 *client_secret must be the Consumer Secret*'
cp "$TMP/config.right" "$config"
tonight 'a backup whose login ends meanwhile' '23 rsync*' \
	"$(post fault '-d kind=oauth-error -d code=invalid_grant -d message=inactive -d times=forever')$(post \
	expire-tokens '-X POST')"
org fault/clear -X POST >/dev/null
mkfifo "$TMP/ready"
"$BUILD/sffs" -f acme "$night" 2>"$TMP/ready" & pid=$!
sed '/is mounted on/q' "$TMP/ready" >/dev/null
kill -9 "$pid"; wait "$pid" 2>/dev/null
tonight 'a backup where the mount of the last one has died' "$right"
! mountpoint -q "$night" || fusermount3 -uz "$night"
