#!/bin/sh
# Every file has the bytes, size and date that it has in the org, and each version is downloaded once, ever.
. "${0%/*}/lib.sh"; plan 21
data=$TMP/data
mkdir "$data" "$data/Sales" "$data/Report.versions" "$data/Acme Corp.account"
cp -p /usr/share/distro-info/*.csv "$data"
head -c 3000000 /dev/urandom >"$data/big.bin"
head -c 131072 /dev/urandom >"$data/exactly-held-back.bin"
: >"$data/empty.txt"
printf x >"$data/one.txt"
printf 'no extension\n' >"$data/README"
printf 'ä ö\n' >"$data/Größe & Co, 100%.txt"
printf 'first\n' >"$data/Report.versions/1.txt"; printf 'second\n' >"$data/Report.versions/2.txt"
printf 'folder\n' >"$data/Sales/Plan.txt"; printf 'linked\n' >"$data/Acme Corp.account/Offer.txt"
touch -d '2020-02-29 12:34:56.789 UTC' "$data/one.txt"
touch -d '2019-01-01 UTC' "$data/Report.versions/1.txt"
org_start --data "$data"
fs_mount

# The files of the org: path in the data directory, path under the mount.
(cd "$data" && find . -type f ! -path '*/Report.versions/1.txt' -printf '%P\n') | sort | while read -r f; do
	name=${f##*/}
	case $f in Report.versions/*) name=Report.txt ;; esac
	printf '%s\t%s\n' "$f" "documents/${name%.*}/$name"
done | sed 's,\tdocuments/Report/Report.txt,\tdocuments/Report/Report.txt,' >"$TMP/pairs"
n=$(wc -l <"$TMP/pairs")
is 'every file is a document' "$(ls "$MNT/documents" | wc -l)" "$n"

org_forget
differ=$(while IFS='	' read -r from to; do cmp "$data/$from" "$MNT/$to" 2>&1; done <"$TMP/pairs")
is 'cmp finds no difference' "$differ" ''
calls 'each file that has bytes is downloaded once' 'GET */VersionData' "$((n - 1))"
calls 'reading makes no query' 'GET */query*' 0
differ=$(while IFS='	' read -r from to; do
	[ "$(stat -c '%s %Y' "$data/$from")" = "$(stat -c '%s %Y' "$MNT/$to")" ] || echo "$to"; done <"$TMP/pairs")
is 'sizes and dates are those of the org' "$differ" ''
is 'content is the file, under a name that never changes' "$(cat "$MNT/documents/Report/content")" second
id=$(jq -r .Id "$MNT/documents/Report/metadata.json")
is 'by-id leads to the document' "$(cat "$MNT/by-id/$id/content")" second
short=$(printf %.15s "$id")
is 'by-id knows an Id of 15 characters' "$(cat "$MNT/by-id/$short/content")" second
ok 'a name in by-id that is not an Id does not exist' not test -e "$MNT/by-id/069xxx"
is 'metadata.json has the checksum of the org' \
	"$(jq -r .LatestPublishedVersion.Checksum "$MNT/documents/big/metadata.json")" \
	"$(md5sum <"$MNT/documents/big/big.bin" | cut -d' ' -f1)"

# Programs trust stat: checks the size of every file of the tree, views too.
all() { find "$MNT/documents" "$MNT"/documents/*/parsed/ -type f; }
is 'wc -c is stat, on every file' \
	"$(all | tr '\n' '\0' | xargs -0 -n1 sh -c '[ "$(wc -c <"$0")" = "$(stat -c %s "$0")" ] || echo "$0"')" ''
ok 'tar copies the tree without a difference' \
	sh -c "tar -C '$MNT' -cf '$TMP/t.tar' documents && mkdir '$TMP/t' &&
	tar -C '$TMP/t' -xf '$TMP/t.tar' && diff -r --no-dereference '$MNT/documents' '$TMP/t/documents'"
ok 'rsync -a copies the tree' rsync -a "$MNT/documents/" "$TMP/copy/"
is 'a second rsync finds nothing to do' "$(rsync -ai "$MNT/documents/" "$TMP/copy/")" ''
ok 'rsync -L follows the links to the views and ends' rsync -aL "$MNT/documents/" "$TMP/follow/"
is 'a mapped file has the bytes of a read one' "$(all | python3 -c "
import mmap, sys
for path in sys.stdin.read().splitlines():
    with open(path, 'rb') as f:
        data = f.read()
        if data and mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[:] != data: print(path)" 2>&1)" ''
calls 'tar, rsync and mmap download nothing again' 'GET */VersionData' "$((n - 1))"

fs_unmount; org_forget
fs_mount
differ=$(while IFS='	' read -r from to; do cmp "$data/$from" "$MNT/$to" 2>&1; done <"$TMP/pairs")
is 'after a remount the bytes are the same' "$differ" ''
calls 'after a remount nothing is downloaded again' 'GET */VersionData' 0
is 'root cannot write: Read-only file system' \
	"$(sh -c ": >'$MNT/documents/x'" 2>&1 | grep -c 'Read-only file system')" 1
is 'an ordinary user cannot write: Permission denied' \
	"$(setpriv --bounding-set=-all --inh-caps=-all sh -c ": >'$MNT/documents/x'" 2>&1 |
	grep -c 'Permission denied')" 1
