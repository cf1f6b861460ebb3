#!/bin/sh
# Each wrong start says in one line what to do, exits with the documented status, and leaves no mount and no process.
. "${0%/*}/lib.sh"; plan 147
data=$TMP/data
mkdir "$data"
printf 'hello\n' >"$data/hello.txt"
org_start --data "$data"
config=$XDG_CONFIG_HOME/sffs/config
cp "$config" "$TMP/good"
sffs=$BUILD/sffs

# gone: waits until none of its processes runs; a child may end a moment later.
gone() { until ! pgrep -f "$sffs .*$MNT" >/dev/null; do tries=$((${tries:-0} + 1)); [ "$tries" -lt 100 ] || return 1;
	sleep 0.1; done; tries=0; }
# bad DESCRIPTION STATUS PATTERN ARGUMENTS...
bad() {
	what=$1 want=$2 pattern=$3; shift 3
	timeout -s KILL 120 $around "$sffs" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	is "$what: exit status" "$?" "$want"
	case $(cat "$TMP/err") in
	$pattern) is "$what: one line" "$(wc -l <"$TMP/err")" 1 ;;
	*) is "$what: message" "$(cat "$TMP/err")" "$pattern" ;;
	esac
	gone && ! mountpoint -q "$MNT"
	is "$what: nothing is left" "$?" 0
}
around=
# edit SED...: the config with a change.
edit() { sed "$@" "$TMP/good" >"$config"; }

bad 'no argument' 2 '*usage*'
bad 'one argument' 2 '*usage*' sim
bad 'unknown option' 2 '*' --wrong sim "$MNT"
bad 'the old --list' 2 '*--list: the command is now: sffs status' --list
bad 'the old --doctor' 2 '*--doctor: the command is now: sffs doctor ORG' --doctor sim
bad 'the old --check-cache' 2 '*--check-cache: the command is now: sffs doctor --cache ORG' --check-cache sim
bad 'unmount without a mount' 2 "*$MNT: sffs has mounted nothing here*" unmount "$MNT"
bad 'a command as an org' 2 '*backup: a word of sffs*' backup "$MNT"
bad 'a command of other programs' 2 '*umount: there is no such command; say: sffs unmount MOUNTPOINT' umount "$MNT"
bad 'a command of sffs-auth' 2 '*setup: there is no such command; say: sffs-auth setup ORG' setup sim
edit 's/^\[sim\]/[list]/'
bad 'an org that has the name of such a command' 6 '*mkdir*' list "$TMP/missing"
cp "$TMP/good" "$config"
bad '--cache without doctor' 2 '*a mount takes no --cache*' --cache sim "$MNT"
bad 'unknown org' 2 '*nosuch*sim*' nosuch "$MNT"
bad 'unknown key in -o' 2 '*colour*' -o colour=red sim "$MNT"
bad 'a value that is none' 2 '*refresh*' -o refresh=often sim "$MNT"
bad 'a secret in the argument list' 2 '*client_secret*' -o client_secret=x sim "$MNT"
bad 'a filter that does not end' 2 \
	"*filter = FileExtension IN ('csv','tsv': a quote or a parenthesis has no counterpart*" -o \
	"filter=FileExtension IN ('csv','tsv'" sim "$MNT"
bad 'a filter by what cannot be filtered' 2 "*filter = ContentLocation = 'S': Salesforce answered INVALID_FIELD*" -o \
	"filter=ContentLocation = 'S'" sim "$MNT"
bad 'no encoding' 2 '*csv_encoding = UTF-99: *' -o csv_encoding=UTF-99 sim "$MNT"
for word in auto_unmount allow_root nonempty remount; do bad "-o $word" 2 "*-o $word: *" -o "rw,$word,refresh=5" sim \
	"$MNT"; done
# In a /dev without some of its files.
cat >"$TMP/lacking" <<'END'
#!/bin/sh
mount -t tmpfs none /mnt
for d in null fuse zero random urandom; do
	[ "$d" = "$1" ] || { touch "/mnt/$d" && mount --bind "/dev/$d" "/mnt/$d"; }
done
mount --move /mnt /dev && shift && exec "$@"
END
chmod +x "$TMP/lacking"
for device in null fuse; do
	around="unshare -m $TMP/lacking $device"
	bad "no /dev/$device" 6 "*/dev/$device*doctor*" sim "$MNT"
done
around=
timeout -s KILL 120 setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$sffs" sim "$MNT" >"$TMP/out" \
	2>"$TMP/err" </dev/null
is 'no right to mount: exit status' "$?" 6
like 'no right to mount: message' "$(cat "$TMP/err")" '*doctor sim'
timeout -s KILL 120 setpriv --bounding-set -sys_admin --inh-caps -sys_admin \
	env SFFS_CONFIG="$config" "$sffs" sim "$MNT" >"$TMP/out" 2>"$TMP/err" </dev/null
like 'no right to mount: the message has the config' "$(cat "$TMP/err")" "*sffs doctor sim --config $config"
rm -rf "$XDG_STATE_HOME/sffs" "$XDG_CACHE_HOME/sffs"
rm "$config";                                   bad 'no config' 2 '*config*' sim "$MNT"
edit 's/^flow/flwo/';                           bad 'unknown key' 2 '*flwo*' sim "$MNT"
cp "$TMP/good" "$config"; chmod 644 "$config";  bad 'a secret that others can read' 2 '*chmod*' sim "$MNT"
chmod 600 "$config"
edit 's/^client_id.*/client_id = 3MVG9wrong/';  bad 'wrong key' 4 '*Consumer Key*' sim "$MNT"
edit 's/^client_secret.*/client_secret = wrong/'; bad 'wrong secret' 4 '*ecret*' sim "$MNT"
edit 's,^login_url.*,login_url = http://127.0.0.1:1,'; bad 'unreachable host' 5 '*127.0.0.1*' sim "$MNT"
edit 's,^login_url.*,login_url = http://acme.my.salesforce.com,'; bad 'http to a real host' 2 '*https*' sim "$MNT"
cp "$TMP/good" "$config"
mkdir -m 755 "$TMP/everybodys"
bad 'a cache for everybody' 2 "*everybodys: must be*(mode 700)*cache_dir*" -o cache_dir="$TMP/everybodys" sim "$MNT"
bad 'a cache_dir that may be a mistake' 2 "*cache_dir = /nonexistent/x: there is no such directory; *mkdir -p -m 700*" \
	-o cache_dir=/nonexistent/x sim "$MNT"
ok 'a cache_dir below a directory of the user is made' fs_mount -o "cache_dir=$TMP/made"
fs_unmount
gone
# In a home that cannot be written, and with a disk that is full.
cat >"$TMP/on" <<'END'
#!/bin/sh
mount -t tmpfs -o "$1" none /mnt && shift && exec "$@"
END
chmod +x "$TMP/on"
around="unshare -m $TMP/on ro env XDG_STATE_HOME=/mnt/state"
bad 'a read-only home' 2 \
	'*cannot create /mnt/state/sffs: Read-only file system; set XDG_STATE_HOME to a writable directory' sim "$MNT"
around="unshare -m $TMP/on size=64k,mode=700 env XDG_CACHE_HOME=/mnt"
bad 'a full disk' 1 '*no room in /mnt/sffs/00D*: free some, or -o cache_dir=...' sim "$MNT"
# A proxy that does not answer, whose URL has a password.
cp "$TMP/good" "$config"; edit 's,^login_url.*,login_url = https://acme.my.salesforce.com,'
around='env -u no_proxy -u NO_PROXY https_proxy=http://me:geheim@127.0.0.1:1'
bad 'a wrong proxy' 5 '*acme.my.salesforce.com*(through the proxy that https_proxy names)*' sim "$MNT"
is 'a wrong proxy: the message has no password' "$(grep -c geheim "$TMP/err")" 0
around=
cp "$TMP/good" "$config"
# A wrong ca_file must not pass for an org out of reach, whose cache would be served; also if login_url is http.
fs_mount; fs_unmount
gone
for file in "$TMP/missing" "$TMP/good" "$data"; do bad "ca_file = $file" 2 "*ca_file = $file: *" -o ca_file="$file" \
	sim "$MNT"; done
for url in https://acme.my.salesforce.com http://127.0.0.1:1; do
	edit "s,^login_url.*,login_url = $url\\nca_file = $TMP/missing,"; bad "no ca_file for $url" 2 '*ca_file = *' \
		sim "$MNT"
done
cp "$TMP/good" "$config"
bad 'mount point missing' 6 '*mkdir*' sim "$TMP/missing"
bad 'mount point a file' 6 '*not a directory*' sim "$config"
bad 'mount point not empty' 6 '*not empty*' sim "$data"
fs_mount
timeout -s KILL 120 "$sffs" sim "$MNT" >"$TMP/out" 2>"$TMP/err" </dev/null
is 'already mounted: exit status' "$?" 6
like 'already mounted: message' "$(cat "$TMP/err")" '*mounted*sffs unmount*'
is 'already mounted: the first mount goes on' "$(cat "$MNT/documents/hello/hello.txt")" hello
fs_unmount
gone
rm -rf "$XDG_STATE_HOME/sffs"
org set -d flow-enabled=0 >/dev/null
bad 'the flow is not enabled' 4 '*lient credentials flow*' sim "$MNT"
is 'no message of a wrong start has the secret' \
	"$(cat "$TMP"/err* | grep -c "$(sed -n 's/^client_secret = //p' "$TMP/good")")" 0
