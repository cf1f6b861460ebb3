#!/bin/sh
# DuckDB and pandas read every cell of a document by the recipes of the README. If one cannot be installed, the test
# says so.
. "${0%/*}/lib.sh"; plan 4
mkdir "$TMP/data"
cat >"$TMP/data/Q3 Forecast.csv" <<'END'
Account;Region;Amount;Note
Acme Corp;EMEA;120000;signed
"Globex, Inc.";EMEA;75000;"waits for
legal"
Initech;AMER;180000;"5,5 % ""off"""
Umbrella;APAC;30000;
"Déjà Vu SARL";;0;no region	yet
END
printf 'Codes\na|b\nc|d\n' >"$TMP/data/Codes.csv"
org_start --data "$TMP/data" --name acme
"$BUILD/sffs" acme "$MNT"
cd "$TOP" || exit 1
skip() { number=$((number + 1)); echo "ok $number - $1 # skip $2"; }

case $(uname -m) in x86_64) cpu=x64 ;; aarch64) cpu=arm64 ;; *) cpu= ;; esac
if [ -n "$cpu" ] && duckdb=$(tests/npm-fetch "@duckdb/node-bindings-linux-$cpu@1.5.6-r.1"); then
	for title in 'Q3 Forecast' Codes; do
		ok "DuckDB reads $title" python3 tests/readers.py "$MNT" "$title" "$TMP/data/$title.csv" duckdb \
			"$duckdb/libduckdb.so"
	done
else
	for i in 1 2; do skip 'DuckDB reads' "there is no DuckDB for $(uname -m)"; done
fi
for python in python3 /usr/bin/python3; do "$python" -c 'import pandas' 2>/dev/null && break; python=; done
if [ -n "$python" ]; then
	for title in 'Q3 Forecast' Codes; do
		ok "pandas reads $title" "$python" tests/readers.py "$MNT" "$title" "$TMP/data/$title.csv" pandas
	done
else
	for i in 1 2; do skip 'pandas reads' 'there is no pandas; apt-get install python3-pandas'; done
fi
