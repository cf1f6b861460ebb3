#!/bin/sh
# sffs doctor says what is missing and what to do, and exits as a mount would.
ALONE=${ALONE-1}
unset TMPDIR	# another user must get there
. "${0%/*}/lib.sh"; plan 111
data=$TMP/data
mkdir "$data" "$data/Old.archived"
printf 'hello\n' >"$data/hello.txt"
printf 'old\n' >"$data/Old.archived/old.txt"
org_start --data "$data"
config=$XDG_CONFIG_HOME/sffs/config
cp "$config" "$TMP/good"
sffs=$BUILD/sffs
# doctor DESCRIPTION STATUS PATTERN...: it exits with STATUS, and its output matches each PATTERN. JSON says the same.
doctor() {
	what=$1 want=$2; shift 2
	$as "$sffs" doctor sim $options >"$TMP/out" 2>"$TMP/err"
	is "$what" "$?" "$want"
	for pattern; do like "$what: it says $pattern" "$(cat "$TMP/out")" "*$pattern*"; done
	$as "$sffs" doctor sim --json $options >"$TMP/json" 2>"$TMP/json.err"
	is "$what: JSON says the same" "$? $(jq -r '.[] | "\(.result) \(.text)"' "$TMP/json" | tr -d 0-9)" \
		"$want $(sed -n 's/^\(ok\|note\|BAD\)  */\1 /p' "$TMP/out" | tr -d 0-9)"
}
as= options=
edit() { sed "$@" "$TMP/good" >"$config"; }

doctor 'doctor of a sound mount' 0 'ok    /dev/fuse' "ok    $config" 'scopes: api' 'lists 1 documents' \
	'archived documents, which are not mounted: 1' \
	'Attachments, which are not mounted: 3' 'Documents, which are not mounted: 1'
is 'doctor --json has ok and notes, and nothing BAD' \
	"$("$sffs" doctor sim --json | jq -r 'map(.result) | unique | join(" ")')" 'note ok'
is 'doctor takes the options of a mount' "$("$sffs" doctor sim -o archived=yes | grep -c archived)" 0
"$sffs" doctor sim -o refresh=often >"$TMP/wrong"
is 'doctor checks the options of a mount' "$?" 2
is 'doctor prints nothing on standard error' "$(cat "$TMP/err")" ''
is 'doctor prints no BAD if all is well' "$(grep -c BAD "$TMP/out")" 0
is 'doctor prints no secret' "$(grep -c "$(sed -n 's/^client_secret = //p' "$TMP/good")" "$TMP/out")" 0
org set -d query-all-files=0 -d skew=500 >/dev/null
doctor 'doctor notes what is left out' 0 'note  files shared*Query All Files' 'clock is 500 seconds slow*timedatectl'
org set -d query-all-files=1 -d skew=0 -d rest-enabled=0 >/dev/null
doctor 'doctor of a user without the API' 4 'API_DISABLED_FOR_ORG' 'BAD*API Enabled'
org set -d rest-enabled=1 >/dev/null
mkdir "$TMP/full"
mount -t tmpfs -o size=256k,mode=700 none "$TMP/full"
options="-o cache_dir=$TMP/full/cache"
doctor 'doctor of a disk that has no room for a list of documents' 1 \
	"BAD   $TMP/full/cache: 0 MB are free*free some, or cache_dir"
options=
umount "$TMP/full"
edit 's/^client_secret.*/&\narchived = yes\nconfine = no/'
doctor 'doctor does not complain of what the config asks for' 0 'confine = no'
is 'with archived = yes doctor does not say that archived documents are left out' "$(grep -c archived "$TMP/out")" 0
edit "s/^client_secret.*/&\nfilter = FileExtension = 'txt'/"
doctor 'doctor of a filter that the org takes' 0 'lists 1 documents'
edit "s/^client_secret.*/&\nfilter = Nosuch = 'txt'/"
doctor 'doctor of a filter that the org refuses' 2 'Nosuch*No such column*BAD   the org does not take the filter'
ok 'a filter that the org refuses mounts nothing' not fs_mount
edit 's/^client_secret.*/&\ncsv_encoding = UTF-99/'
doctor 'doctor of an unknown encoding' 2 'UTF-99: there is no such encoding*BAD   the config'
edit 's/^client_secret.*/&\napi_version = 99.0/'
doctor 'doctor of an unknown API version' 2 'BAD   it has no API version 99.0*api_version'
cp "$TMP/good" "$config"; "$BUILD/sffs-auth" login sim >"$TMP/out"
edit 's/^client_secret.*/client_secret = wrong/'
doctor 'doctor of a wrong secret beside a login that works' 4 'ecret*BAD   a new login' 'lists 1 documents'
edit 's/^client_secret.*/client_secret_cmd = false/'
doctor 'doctor of a secret command that fails' 2 'status 1*BAD   a new login'
edit 's/^flow.*/flow = web/'; rm -rf "$XDG_STATE_HOME/sffs"
doctor 'doctor without a login' 3 'sffs-auth login sim'
edit 's/^client_secret.*/client_secret = wrong/'
doctor 'doctor of a wrong secret' 4 'ecret*BAD   the login'
edit 's,^login_url.*,login_url = http://127.0.0.1:1,'
doctor 'doctor of a host where nobody answers' 5 'BAD   *127.0.0.1*proxy'
edit 's,^login_url.*,login_url = https://no-such-org.invalid,'
doctor 'doctor of a host without an address' 5 'BAD   *no-such-org.invalid*My Domain'
options='-o login_url=https://no-such-org.invalid'
https_proxy=http://user:hush@127.0.0.1:9; export https_proxy
doctor 'doctor of a proxy where nobody answers' 5 'ok    https_proxy names the proxy 127.0.0.1:9' 'BAD   *127.0.0.1*'
is 'doctor does not show the password of a proxy' "$(grep -c hush "$TMP/out" "$TMP/json" | paste -sd ' ')" \
	"$TMP/out:0 $TMP/json:0"
unset https_proxy
options="$options,proxy=http://127.0.0.1:9"
doctor 'doctor of a proxy of the config' 5 'ok    the config names the proxy http://127.0.0.1:9'
options=
rm "$config"
doctor 'doctor without a config' 2 "there is no config file $config*sffs-auth setup sim*BAD   the config"
cp "$TMP/good" "$config"
org fault -d times=forever --data-urlencode 'match=GET */query*' -d kind=error -d status=403 \
	-d code=REQUEST_LIMIT_EXCEEDED -d 'message=TotalRequests Limit exceeded.' >/dev/null
doctor 'doctor of an org whose API limit is spent' 4 "BAD   the org's API limit is spent*all programs of the org share"
org fault/clear -X POST >/dev/null

# Mounts of the org that are there.
fs_mount
doctor 'doctor of an org that is mounted' 0 "ok    mounted on $MNT: healthy"
pid=$("$sffs" status --json sim | jq '.[].pid')
kill -STOP "$pid"
doctor 'doctor of an org whose mount is stopped' 6 "BAD   mounted on $MNT: stopped*kill -CONT $pid"
kill -CONT "$pid"; kill -KILL "$pid"
within sh -c "while kill -0 $pid 2>/dev/null; do :; done"
doctor 'doctor of an org whose mount is dead' 6 "BAD   mounted on $MNT: dead*sffs unmount $MNT"
"$sffs" unmount "$MNT"
doctor 'doctor of an org that is not mounted' 0 'lists 1 documents'

edit 's/^flow/flwo/'
doctor 'doctor of a wrong key in the config' 2 'flwo*BAD   the config'
chmod 644 "$config"; cp "$TMP/good" "$config"
doctor 'doctor of a secret that others can read' 2 'chmod 600'
chmod 600 "$config"; chmod 755 "$XDG_STATE_HOME/sffs"
doctor 'doctor of a directory that others can read' 2 'mode 700*BAD'
chmod 700 "$XDG_STATE_HOME/sffs"

# In a container, and as a user without a way to mount.
unshare -m sh -c "mount -t tmpfs none /dev && exec '$sffs' doctor sim" >"$TMP/out" 2>&1
is 'doctor without /dev/fuse exits 6' "$?" 6
like 'doctor without /dev/fuse says what to do' "$(cat "$TMP/out")" '*BAD   */dev/fuse*'
setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$sffs" doctor sim >"$TMP/out" 2>&1
is 'doctor of a root that may not mount exits 6' "$?" 6
like 'doctor of a root that may not mount says which capability is missing' "$(cat "$TMP/out")" '*--cap-add SYS_ADMIN*'

# An ordinary user and allow_other, where /etc/fuse.conf does not and does allow it.
chmod 711 "$TMP"
mkdir "$TMP/home"
cp "$TMP/good" "$TMP/home/config"
chown -R 65534:65534 "$TMP/home"
cat >"$TMP/as" <<END
#!/bin/sh
export HOME="$TMP/home" XDG_STATE_HOME= XDG_CACHE_HOME= SFFS_CONFIG="$TMP/home/config"
exec unshare -m sh -c 'mount --bind "$TMP/fuse.conf" /etc/fuse.conf &&
	exec setpriv --reuid 65534 --regid 65534 --clear-groups "\$@"' sh "\$@"
END
chmod 755 "$TMP/as"
as=$TMP/as options='-o allow_other'
echo '# user_allow_other' >"$TMP/fuse.conf"; chmod 644 "$TMP/fuse.conf"
doctor 'doctor of allow_other that /etc/fuse.conf does not allow' 6 \
	'BAD   allow_other = yes*echo user_allow_other >>/etc/fuse.conf'
echo user_allow_other >"$TMP/fuse.conf"
doctor 'doctor of allow_other that /etc/fuse.conf allows' 0 'can mount for you'
as= options=

# Root mounts by itself, unless the mount is to be confined.
bare() { unshare -m sh -c "mount -t tmpfs none /usr/bin && exec '$sffs' doctor sim $*" >"$TMP/out" 2>&1; }
case $BUILD in *asan|*tsan|*valgrind) want=0 advice='*ok *' ;; # a sanitizer is not confined
*) want=6 advice='*BAD   fusermount3 is not installed*apt-get install fuse3*' ;; esac
bare
is 'doctor without fusermount3 exits 6 for a confined mount' "$?" "$want"
like 'doctor without fusermount3 says what to install' "$(cat "$TMP/out")" "$advice"
bare -o confine=no
is 'doctor without fusermount3 exits 0 with confine=no' "$?" 0
PATH=/nonexistent "$sffs" doctor sim >"$TMP/out"
is 'doctor finds fusermount3 in /usr/bin without a PATH' "$?" 0
