#!/bin/sh
# sffs doctor says what is missing and what to do, and exits as a mount would.
. "${0%/*}/lib.sh"; plan 59
data=$TMP/data
mkdir "$data" "$data/Old.archived"
printf 'hello\n' >"$data/hello.txt"
printf 'old\n' >"$data/Old.archived/old.txt"
org_start --data "$data"
config=$XDG_CONFIG_HOME/sffs/config
cp "$config" "$TMP/good"
sffs=$BUILD/sffs
# doctor DESCRIPTION STATUS PATTERN...: it exits with STATUS, and its output matches each PATTERN.
doctor() {
	what=$1 want=$2; shift 2
	"$sffs" doctor sim >"$TMP/out" 2>"$TMP/err"
	is "$what" "$?" "$want"
	for pattern; do like "$what: it says $pattern" "$(cat "$TMP/out")" "*$pattern*"; done
}
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
