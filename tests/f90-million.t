#!/bin/sh
# A mount of N documents has all names, costs one call a page, needs bounded memory, and is remounted at once. make soak
# takes a million.
. "${0%/*}/lib.sh"; plan 9
N=${N:-20000}
org_start --synthetic "$N"
seconds() { date +%s.%N; }
since() { python3 -c 'import sys, time; print("%.1f s" % (time.time() - float(sys.argv[1])))' "$1"; }
peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(pgrep -f "$BUILD/sffs.* $MNT\$")/status"; }

t=$(seconds)
fs_mount -o refresh=3600
note "$N documents: mounted in $(since "$t")"
calls 'the first page costs one query' 'GET */query?q=SELECT Id,Title*' 1
is 'each further page costs one call' "$(org_count 'GET */query/*')" "$(((N + 1999) / 2000 - 1))"
t=$(seconds)
is 'ls lists all documents' "$(ls -f "$MNT/documents" | grep -vc '^\.\.*$')" "$N"
note "ls: $(since "$t")"
is 'ls lists each document once' "$(ls -f "$MNT/documents" | sort | uniq -d | wc -l)" 0
t=$(seconds)
is 'documents.tsv lists all documents' "$(($(wc -l <"$MNT/.sffs/documents.tsv") - 1))" "$N"
note "documents.tsv: $(since "$t")"
tail -n +2 "$MNT/.sffs/documents.tsv" | awk -F '\t' '$8 == "yes" { print $5 "  " $3 }' | sed -n '1p;$p' >"$TMP/md5"
ok 'the first and the last of the CSV documents are read' sh -c 'cd "$1" && md5sum -c "$2"' - "$MNT" "$TMP/md5"
most=262144
case $BUILD in *asan|*tsan|*valgrind) most=1048576 ;; esac	# it keeps what is freed for a while
ok "the mount needs less than $((most / 1024)) MB: $(peak) KB" test "$(peak)" -lt $most
fs_unmount
org_forget
t=$(seconds)
fs_mount -o refresh=3600
note "a second mount: $(since "$t")"
calls 'a second mount costs one refresh' 'GET */services/data/*' 1
is 'a second mount lists all documents' "$(ls -f "$MNT/documents" | grep -vc '^\.\.*$')" "$N"
fs_unmount
