#!/bin/sh
# Each call on a mount ends as on a read-only disk. docs/limits.md lists the exceptions.
unset TMPDIR	# so that another user can enter $TMP
. "${0%/*}/lib.sh"; plan 5
data=$TMP/data other=$TMP/other
mkdir -p "$data" "$other"
printf 'a,b\n1,2\n' >"$data/Table.csv"
org_start --data "$data"
[ "$(id -u)" = 0 ] || { for i in 1 2 3 4 5; do ok 'takes root' true; done; exit; }
fs_mount -o allow_other,umask=022
chmod 711 "$TMP"

# The read-only disk is ext4, or tmpfs if there is no loop device.
truncate -s 4M "$TMP/image" && mkfs.ext4 -q "$TMP/image" && mount -o loop,nosuid,nodev,noexec "$TMP/image" "$other" ||
	mount -t tmpfs -o nosuid,nodev,noexec none "$other"
trap 'umount "$other" 2>/dev/null; cleanup; [ "$failed" = 0 ] && [ "$number" = "${planned:-0}" ] || exit 1' EXIT
(umask 022 && cd "$other" && mkdir -p documents/Table parsed/Table && cp "$data/Table.csv" documents/Table &&
	touch documents/Table/metadata.json parsed/Table/header && ln -s ../../parsed/Table documents/Table/parsed)
find "$other" -type f -exec chmod 444 {} + -o -type d -exec chmod 555 {} +
mount -o remount,ro "$other"

python3 "$TOP/tests/read_only.py" "$MNT" "$other" >"$TMP/differences" 2>"$TMP/err"
is 'all calls are made as root and as another user' "$(grep -c '^calls' "$TMP/differences") $(cat "$TMP/err")" '2 '
is 'each difference from a read-only disk is a known one' "$(grep '^NEW' "$TMP/differences")" ''
tr '\n' ' ' <"$TOP/docs/limits.md" | tr -s ' ' >"$TMP/limits"
is 'docs/limits.md has a sentence about each known difference' "$(cut -f1 "$TMP/differences" | grep -v '^NEW\|^calls' |
	sort -u | while read -r words; do grep -qF "$words" "$TMP/limits" || echo "$words"; done)" ''
table=$MNT/documents/Table/Table.csv
truncating() { python3 -c 'import os, sys; os.open(sys.argv[1], os.O_RDONLY | os.O_TRUNC)' "$1" 2>&1; }
is 'an open that would truncate is refused' "$(truncating "$table" | grep -c 'Read-only file system') $(wc -c \
	<"$table")" '1 8'
is 'a name of 256 bytes is too long' "$(stat "$MNT/documents/$(printf %256s x | tr ' ' x)" 2>&1 | sed 's/.*: //')" \
	'File name too long'
