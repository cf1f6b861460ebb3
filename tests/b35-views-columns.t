#!/bin/sh
# The columns, the clean CSV and the list of faults of a document agree with one another.
. "${0%/*}/lib.sh"; plan 30
data=$TMP/data
mkdir "$data"
printf 'Name,Amount,Name,,a/b,a_b\n"Smith, ""J""",1,x,y,1,2\nMüller,-2.5,"two\nlines",,3,4\n' >"$data/Sales.csv"
printf 'a,b\n1,2\n3\n4,5,6\n"7" x,8\n' >"$data/Odd.csv"
printf 'a/b,a_b,a b,A/B,a_b_2,.a\n1,2,3,4,5,6\n' >"$data/Alike.csv"
# Columns whose names are alike as far as a file name goes, and names that one of those would take.
python3 -c "
stem = 'x' * 260
names = [stem + str(i) for i in range(20000)] + ['x' * 247 + '_' + str(i) for i in range(2, 9000)]
print(*names, sep=',')
print(*range(len(names)), sep=',')" >"$data/Long.csv"
printf 'a;b\r\n1;2\r\n' >"$data/README.csv"
cp -p /usr/share/distro-info/ubuntu.csv "$data"
: >"$data/Empty.csv"
(seq -s, 1 3000; seq -s, 3001 6000) >"$data/Wide.csv"
org_start --data "$data"
fs_mount
org_forget
p=$MNT/parsed
is 'columns/ lists the columns in their order' "$(ls -U "$p/Sales/columns" | paste -sd ' ')" \
	'Name Amount Name_2 _4 a_b_2 a_b'
is 'a column has one line for each cell' "$(cat "$p/Sales/columns/Amount" | paste -sd ' ')" '1 -2.5'
is 'a column is escaped like rows.tsv' "$(cat "$p/Sales/columns/Name_2" | paste -sd ' ')" 'x two\nlines'
is 'stat knows the sizes of columns' \
	"$(cd "$p/Sales/columns" && for c in *; do [ "$(stat -c %s "$c")" = "$(wc -c <"$c")" ] ||
	echo "$c"; done)" ''
is 'paste makes rows.tsv of the columns' "$(cd "$p/Sales/columns" && paste -- $(ls -U) | md5sum)" \
	"$(md5sum <"$p/Sales/rows.tsv")"
same 'a column of a real file is the column of its rows.tsv' "$p/ubuntu/columns/series" \
	"$(cut -f3 "$p/ubuntu/rows.tsv" >"$TMP/series";
	echo "$TMP/series")"
ok 'a column that does not exist is not there' not test -e "$p/Sales/columns/none"
calls 'all columns of a document cost one download' 'GET */VersionData' 2
is 'columns/ lists 3,000 columns' "$(ls "$p/Wide/columns" | wc -l)" 3000
is 'the last of 3,000 columns can be read' "$(cat "$p/Wide/columns/2999")" 5999
is 'a name that needs no change stays with its own column' \
	"$(cd "$p/Alike/columns" && for c in *; do echo "$c=$(cat "$c")";
	done | sort | paste -sd,)" 'A_B=4,_a=6,a b=3,a_b=2,a_b_2=5,a_b_3=1'
is 'columns/ lists all of 28,998 columns whose names begin alike' "$(ls "$p/Long/columns" | sort -u | wc -l)" 28998
is 'columns with long names are the right ones' "$(cat "$p/Long/columns/$(printf x%.0s $(seq 247))_8999" \
	"$p/Long/columns/$(printf x%.0s $(seq 247))_9000" | paste -sd' ')" '28997 1'
is 'the last column of a long list has a name of its own' "$(cd "$p/Long/columns" && ls -U | tail -1)" \
	"$(printf x%.0s $(seq 247))_8999"
is 'an empty document has no columns' "$(ls "$p/Empty/columns" | wc -l)" 0

is 'Python reads table.csv with unique names of columns' "$(python3 -c "
import csv, sys
print(list(csv.reader(open('$p/Sales/table.csv', newline='', encoding='utf-8'))))")" \
	"[['Name', 'Amount', 'Name_2', '_4', 'a/b', 'a_b'], ['Smith, \"J\"', '1', 'x', 'y', '1', '2'], \
['Müller', '-2.5', 'two\\nlines', '', '3', '4']]"
is 'each record of table.csv has as many cells as the header' "$(python3 -c "
import csv
print({len(r) for r in csv.reader(open('$p/Odd/table.csv', newline=''))})")" '{3}'
is 'sqlite imports table.csv' \
	"$(sqlite3 :memory: '.mode csv' ".import '$p/Sales/table.csv' t" 'SELECT sum(Amount) FROM t')" -1.5

is 'info.tsv says yes to a clean document' "$(head -1 "$p/Sales/info.tsv")" 'clean	yes'
is 'info.tsv says no to a document with faults' "$(head -1 "$p/Odd/info.tsv")" 'clean	no'
is 'info.tsv counts the records' "$(grep -c '^records	4$' "$p/Odd/info.tsv")" 1
is 'errors.tsv has a line for each fault' "$(tail -n +2 "$p/Odd/errors.tsv" | cut -f4 | sort | paste -sd ' ')" \
	'long-record short-record text-after-quote'
is 'errors.tsv of a clean document has only its header' "$(wc -l <"$p/Sales/errors.tsv")" 1

is 'a document with the name README has its views' "$(cat "$MNT/documents/README/parsed/rows.tsv")" '1	2'
is 'parsed/ lists only a README beside a document with that name' "$(ls -A "$p")" README
ok 'the README of parsed/ is a text' grep -q 'CSV' "$p/README"

fs_unmount; org_forget
fs_mount -o csv_delimiter=';'
is 'the option csv_delimiter changes the cells' "$(head -1 "$p/Sales/header")" 'Name,Amount,Name,,a/b,a_b'
fs_unmount
fs_mount -o csv_strict=yes
ok 'csv_strict: a view of a document with faults is an error' not cat "$p/Odd/rows.tsv"
is 'csv_strict: info.tsv of a document with faults can be read' "$(head -1 "$p/Odd/info.tsv")" 'clean	no'
calls 'csv_strict downloads nothing again' 'GET */VersionData' 0
