#!/bin/sh
# Six documents have very many columns. The mount shows all views and all names of columns. It needs no more memory
# than for one of these documents.
. "${0%/*}/lib.sh"; plan 7
N=${N:-150000} OTHERS=5
mkdir "$TMP/data"
python3 -c 'import sys; n = int(sys.argv[1])
for row in ("column_%07d" % i for i in range(n)), ("%d" % (i % 10) for i in range(n)), ("x" for i in range(n)):
    print(",".join(row))' "$N" >"$TMP/data/wide.csv"
for i in $(seq $OTHERS); do sed '1s/column/field/g' "$TMP/data/wide.csv" >"$TMP/data/other$i.csv"; done
org_start --data "$TMP/data"
fs_mount
pid=$(pgrep -f "$BUILD/sffs.* $MNT\$")
views=$MNT/parsed/wide
is 'rows.tsv has every cell of a wide record' "$(cut -f"$N" "$views/rows.tsv" | tr '\n' ' ')" "$(((N - 1) % 10)) x "
is 'rows.jsonl has the first and the last key of a wide header' \
	"$(head -n 1 "$views/rows.jsonl" | tr ',' '\n' | sed -n '1p;$p' | tr '\n' ' ')" \
	"$(printf '{"column_0000000":"0" "column_%07d":"%d"} ' $((N - 1)) $(((N - 1) % 10)))"
is 'columns/ lists every column of a wide header' "$(ls -f "$views/columns" | grep -c '^column_')" "$N"
is 'the last column of a wide header can be read' "$(tr '\n' ' ' <"$views/columns/$(printf column_%07d $((N - 1)))")" \
	"$(((N - 1) % 10)) x "
is 'the header of table.csv has every name' "$(head -n 1 "$views/table.csv" | wc -c)" "$((N * 15))"
for i in $(seq $OTHERS); do ls -f "$MNT/parsed/other$i/columns" | wc -l; done >"$TMP/counts"
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")
most=$((24576 + N / 4))
case $BUILD in *asan|*tsan) most=1048576 ;; esac	# a sanitizer keeps freed memory for a while
ok "a wide header needs less than $((most / 1024)) MB: $peak KB" test "$peak" -lt $most
fs_unmount
fs_mount
is 'after a remount the header is rendered without another survey' "$(head -n 1 "$views/header")" column_0000000
fs_unmount
