#!/bin/sh
# The documents are true: each message and each test that they name exists.
. "${0%/*}/lib.sh"; plan 10
cd "$TOP" || exit 1
python3 tests/messages.py >"$TMP/messages"
# missing FILE: the lines of standard input that FILE does not have.
missing() { while IFS= read -r line; do grep -qF -e "$line" "$1" || printf '%s\n' "$line"; done; }

is 'messages.py finds more than 100 messages' "$(($(wc -l <"$TMP/messages") > 100))" 1
is 'each message is in docs/troubleshooting.md' "$(missing docs/troubleshooting.md <"$TMP/messages")" ''
# The first column of its tables, without the symptoms: the texts between backquotes.
sed -n '/^## Config/,$p' docs/troubleshooting.md | sed -n 's/^| \(`.*`\) |.*/\1/p' | sed 's/` · `/\n/g; s/`//g' \
	>"$TMP/told"
is 'each message in docs/troubleshooting.md is one of the programs' "$(python3 - "$TMP/messages" "$TMP/told" <<'END'
import sys
messages = open(sys.argv[1]).read().splitlines()
for line in open(sys.argv[2]).read().splitlines():
    if not any(m in line or line in m for m in messages): print(line)
END
)" ''
is 'each row of semantics.md and security.md names a test' "$(sed -n 's/^| \(.* | .* | .*\) |$/\1/p' docs/semantics.md \
	docs/security.md | grep -v '^---\|^what' | grep -v 'tests/[a-z0-9/-]*\.[tcjp]')" ''
is 'each test that they name exists' \
	"$(grep -ohE 'tests/[a-z0-9./-]+\.(tsv|t|c|js|py)' docs/semantics.md docs/security.md | sort -u |
	while read -r t; do [ -f "$t" ] || echo "$t"; done)" ''
is 'each test has the words that they quote from it, not just in a comment' "$(python3 - <<'END'
import re
text = open('docs/semantics.md').read() + open('docs/security.md').read()
for test, quotes in re.findall(r'(tests/[a-z0-9/-]+\.(?:tsv|t|c|js|py))((?:,?\s"[^"]+")+)', text):
    code = [l for l in open(test) if not re.match(r'\s*(#|/?\*|//)', l)]
    for words in re.findall(r'"([^"]+)"', quotes):
        if not any(' '.join(words.split()) in l for l in code): print(f'{test}: {words}')
END
)" ''
is 'each link between documents leads somewhere' "$(grep -oE '\]\([^)#]+' README.md docs/*.md fs/*.md auth/*.md \
	tests/org/*.md 2>/dev/null | while IFS= read -r l; do
	f=${l%%:*} to=${l#*(}; case $to in http*|/*) continue ;; esac; [ -e "$(dirname \
		"$f")/$to" ] || echo "$l"; done)" ''
# The tables of data are exempt: a row is a line.
is 'no line of a test is wider than 120 columns' \
	"$(for f in tests/*.t tests/*.py tests/*.js tests/*/*.py tests/*/*.js; do
	expand "$f" | LC_ALL=C.UTF-8 grep -nE '^.{121}' | sed "s,^,$f:,"; done)" ''
is 'no line of C is wider than 100 columns' \
	"$(for f in fs/*.[ch] fs/*/*.[ch] auth/*.[ch] tests/*.[ch] tests/*/*.[ch]; do
	expand "$f" | LC_ALL=C.UTF-8 grep -nE '^.{101}' | sed "s,^,$f:,"; done)" ''
is 'each mutant fits the source' "$(tests/mutants.py --check | grep -A1 '^not ok')" ''
