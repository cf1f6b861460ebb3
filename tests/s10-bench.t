#!/bin/sh
# The benchmark runs at a small size and reports every figure with its goals.
. "${0%/*}/lib.sh"; plan 6
if [ "$(id -u)" != 0 ]; then
	for i in 1 2 3 4 5 6; do ok 'only root can drop the page cache: nothing is measured' true; done
	exit
fi
ok 'bench.py --sample exits 0' \
	env BUILD="$BUILD" "$TOP/tests/bench/bench.py" --sample --disk "$TMP" --report "$TMP/report.md"
# The figures without their values: "| name | sffs | peer | ratio | goal | verdict |"
sed -n 's/^| \(.*\) | .* | .* | .* | [<>]= .* | \(.*\) |$/\1: \2/p' "$TMP/report.md" | sed \
	's/: \(met\|even.*\|MISSED\)$/: judged/' | sort -u >"$TMP/goals"
ok 'the report judges a cold read against curl' grep -q '^cold, 8 MiB from first to last byte: judged' "$TMP/goals"
ok 'the report judges a cold read from 40 ms away' grep -q '^8 x 1 MiB one after another, cold, 40 ms away: judged' \
	"$TMP/goals"
is 'the report has no failed figure' "$(grep -c ': failed' "$TMP/goals")" 0
ok 'the report has no wrong read' not grep -q 'wrong or not done' "$TMP/report.md"
ok 'bench.py draws the growth' grep -q '</svg>' "$TMP/report-documents.svg"
