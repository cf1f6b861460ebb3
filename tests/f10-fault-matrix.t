#!/bin/sh
# Every kind of request meets every fault. tests/f10-fault-matrix.tsv has the expected results.
. "${0%/*}/lib.sh"
plan "$(awk -F '\t' '!/^#|^fault/ { for (i = 3; i <= NF; i++) n += $i != "-" } END { print n + 2 }' \
	"$TOP/tests/f10-fault-matrix.tsv")"
export TMP BUILD
python3 "$TOP/tests/f10-fault-matrix.py" "$TOP/tests/f10-fault-matrix.tsv"
failed=$? number=$planned
