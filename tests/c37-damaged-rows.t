#!/bin/sh
# A row of the catalogue is damaged in a way that SQLite does not notice. No document shows the bytes of another one:
# sffs begins a new catalogue.
. "${0%/*}/lib.sh"; plan 9
data=$TMP/data
mkdir "$data"
for i in 1 2 3; do printf 'text %s' $i >"$data/T$i.txt"; done
printf 'a,b\n1,2\n' >"$data/Table1.csv"
printf 'a,b\n3,4\n' >"$data/Table2.csv"
touch -d '2020-01-01 UTC' "$data"/*	# so that no refresh mentions them again
echo new >"$data/New.txt"
org_start --data "$data"
# damage SQL: changes the catalogue while nothing is mounted.
damage() {
	fs_unmount
	python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()' \
		"$(ls "$XDG_CACHE_HOME"/sffs/*/catalogue-*.db)" "$1"
	fs_mount -o refresh=3600
}
# Prints each file that has bytes of another one.
wrong() {
	for i in 1 2 3; do
		text=$(cat "$MNT/documents/T$i/T$i.txt" 2>/dev/null) && [ "$text" != "text $i" ] && echo "T$i: $text"
	done
	for i in 1 2; do
		text=$(cat "$MNT/parsed/Table$i/rows.tsv" 2>/dev/null) && [ "$text" != "$((2 * i - 1))	$((2 * i))" ] &&
			echo "Table$i: $text"
	done
}
right() {
	fs_sync
	is "$1" "$(cat "$MNT"/documents/T?/content "$MNT/parsed/Table1/rows.tsv" "$MNT/parsed/Table2/rows.tsv")" \
		'text 1text 2text 31	2
3	4'
}
swap() { echo "UPDATE document SET $1 = (SELECT $1 FROM document WHERE title = '$3') WHERE title = '$2';"; }
fs_mount -o refresh=3600
right 'all documents are read and cached'
damage "$(swap version_id T1 T2) $(swap version_key T1 T2) $(swap checksum T1 T2)"
is 'the version of another document is not read' "$(wrong)" ''
right 'all versions are right again'
like 'the log says that the catalogue is damaged' "$(cat "$MNT/.sffs/log")" '*catalogue-*.db is damaged*'
damage "$(swap name0 T1 T2)"
ls "$MNT/documents" >/dev/null 2>&1
is 'the name of another document is not shown' "$(wrong)" ''
right 'all names are right again'
damage "UPDATE survey SET data = (SELECT data FROM survey ORDER BY rowid LIMIT 1)"
is 'the survey of another document is not used' "$(wrong)" ''
right 'all views are right again'
fs_unmount
is 'one file of the catalogue is left' "$(ls "$XDG_CACHE_HOME"/sffs/*/catalogue-*.db | wc -l)" 1
