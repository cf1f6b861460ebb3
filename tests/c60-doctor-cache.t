#!/bin/sh
# sffs doctor --cache finds every byte that differs; what it removes is downloaded again.
. "${0%/*}/lib.sh"; plan 20
data=$TMP/data
mkdir "$data"
for i in 1 2 3; do head -c 100000 /dev/urandom >"$data/f$i.bin"; done
printf 'Y' | dd of="$data/f2.bin" bs=1 seek=50000 conv=notrunc status=none	# no X, which is written there later
printf 'a,b\n1,2\n' >"$data/table.csv"
org_start --data "$data"
sffs=$BUILD/sffs
fs_mount
cat "$MNT"/documents/*/content "$MNT/parsed/table/rows.tsv" >/dev/null
blob() { jq -r '.LatestPublishedVersionId + "-" + .LatestPublishedVersion.Checksum' "$MNT/documents/$1/metadata.json"; }
version=$(blob f2) table=$(blob table)
fs_unmount
org_forget
ok 'doctor --cache of a sound cache exits 0' "$sffs" doctor --cache sim
like 'doctor --cache of a sound cache counts the right files' "$("$sffs" doctor --cache sim)" \
	'4 right, 0 damaged, 1 views, 0 older versions*'
calls 'doctor --cache makes no call' '*' 0

files=$(dirname "$(find "$XDG_CACHE_HOME/sffs" -name "$version")")
chmod u+w "$files/$version"
printf 'X' | dd of="$files/$version" bs=1 seek=50000 conv=notrunc status=none
chmod u+w "$files/$table"
printf 'longer' >>"$files/$table"
echo view >"$files/${table}0.rows"
"$sffs" doctor --cache sim >"$TMP/out" 2>"$TMP/err"
is 'doctor --cache of a damaged cache exits 1' "$?" 1
like 'doctor --cache names the document with a wrong MD5' "$(cat "$TMP/out")" "*f2: MD5 differs, removed*"
like 'doctor --cache names the document with a wrong size' "$(cat "$TMP/out")" "*table: size differs, removed*"
like 'doctor --cache counts right and damaged files' "$(cat "$TMP/out")" '*2 right, 2 damaged*'
ok 'doctor --cache removes a damaged file' not test -e "$files/$version"
ok 'doctor --cache removes the views of a damaged document' not sh -c "ls '$files' | grep -q '^$table\.'"
ok 'doctor --cache leaves the views of a document whose name begins alike' rm "$files/${table}0.rows"
ok 'after the removal doctor --cache exits 0' "$sffs" doctor --cache sim
fs_mount
same 'a removed file is fetched again' "$data/f2.bin" "$MNT/documents/f2/f2.bin"
is 'a removed view is rendered again' "$(cat "$MNT/parsed/table/rows.tsv")" '1	2'
calls 'the two damaged files are downloaded again' 'GET *VersionData' 2
on_terminal() { python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" \
	</dev/null; }
like 'doctor --cache shows its progress on a terminal' "$(on_terminal "$sffs" doctor --cache sim)" \
	'*[0-9] files, 0 MB*4 right*'
like 'doctor --cache shows no progress elsewhere' "$("$sffs" doctor --cache sim 2>&1)" '4 right*'
rm "$XDG_CACHE_HOME"/sffs/*/catalogue-*
"$sffs" doctor --cache sim >"$TMP/out" 2>"$TMP/err"
is 'doctor --cache without a list of documents exits 1' "$?" 1
like 'doctor --cache without a list of documents checks nothing' "$(cat "$TMP/out")" \
	'0 right, 0 damaged, 1 views, 4 not checked: *'
fs_unmount; fs_mount; fs_unmount
ok 'doctor --cache with a new list of documents exits 0' "$sffs" doctor --cache sim
"$sffs" doctor --cache nosuch >/dev/null 2>&1
is 'doctor --cache of an unknown org exits 2' "$?" 2
