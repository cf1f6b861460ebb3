#!/bin/sh
# A file handle, as an NFS server gives it to clients, leads to the same file in the next mount, too.
. "${0%/*}/lib.sh"; plan 6
data=$TMP/data
mkdir "$data"
printf 'hello\n' >"$data/hello.txt"
printf 'a,b\n1,2\n' >"$data/Table.csv"
org_start --data "$data"
handles() { python3 "$TOP/tests/handles.py" "$MNT" "$TMP/handles" "$@" 2>&1; }

fs_mount -o browse,refresh=3600
hello=$(echo "$MNT"/by-id/*)
set -- "$MNT" "$MNT/documents" "$MNT/documents/hello" "$MNT/documents/hello/hello.txt" \
	"$MNT/documents/hello/metadata.json" "$MNT/parsed/Table/table.tsv" "$MNT/parsed/Table" \
	"$MNT/parsed/Table/columns" \
	"${hello%% *}" "$MNT/README" "$MNT/.sffs/status.json" "$MNT/.sffs/refresh" "$MNT/.sffs/MD5SUMS"
is 'all nodes have handles' "$(handles "$@")" ''
is 'each handle opens its file' "$(handles | grep -vc 'is there$')" 0
fs_unmount
fs_mount -o browse,refresh=3600
is 'a handle opens its file in the next mount before any lookup' "$(handles | grep -v 'is there$')" ''
handles "$MNT/documents/hello/hello.txt" >/dev/null
org change -d op=new-version -d title=hello -d content=second >/dev/null
fs_sync
fs_unmount
fs_mount -o browse,refresh=3600
is 'a handle is stale when the document has a newer version' "$(handles)" \
	'/documents/hello/hello.txt: Stale file handle'
org change -d op=delete -d title=hello >/dev/null
handles "$MNT/documents/hello" >/dev/null
fs_sync
fs_unmount
fs_mount -o browse,refresh=3600
is 'the handle of a deleted document is stale' "$(handles)" '/documents/hello: Stale file handle'
handles "$MNT/documents/Table/Table.csv" >/dev/null
fs_unmount
fs_mount -o browse,refresh=3600
sync; echo 2 >/proc/sys/vm/drop_caches 2>/dev/null
is 'a handle opens its file after the kernel has dropped its caches' "$(handles)" '/documents/Table/Table.csv is there'
