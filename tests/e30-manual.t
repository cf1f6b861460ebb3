#!/bin/sh
# The manual and --help describe what the programs do; shells complete orgs, keys and options.
. "${0%/*}/lib.sh"; plan 34
sffs=$BUILD/sffs
man=$BUILD/man
# The words of manual page $1 as plain text.
page() { mandoc -T ascii -O width=900 "$man/$1" | sed 's/.\x08//g'; }

ok 'make has made the manual pages' \
	sh -c "ls '$man'/sffs.1 '$man'/sffs-auth.1 '$man'/sffs-org.1 '$man'/sffs.conf.5 '$man'/sffs-tree.5"
is 'mandoc -T lint finds nothing' "$(cd "$man" && mandoc -T lint * 2>/dev/null |
	grep -v 'referenced manual not found')" ''
is 'sffs --keys lists keys, and each is in sffs.conf(5)' \
	"$("$sffs" --keys | sed 's/^ *//; s/=.*//' | while read -r key; do page sffs.conf.5 | grep -q "^ *$key=" ||
	echo "$key"; done; "$sffs" --keys | grep -c 'refresh=SECONDS')" 1
is 'sffs.conf(5) has the default of cache_size' "$(page sffs.conf.5 | grep -c 'by default 10G')" 1
for p in sffs sffs-auth; do
	is "$p: each option of --help is in $p(1)" "$("$BUILD/$p" --help | grep -oE -- '--[a-z][a-z-]*' | sort -u |
		while read -r o; do page $p.1 | grep -q -e "$o" || echo "$o"; done)" ''
	is "$p: each option of $p(1) is in --help" "$(page $p.1 | sed '/^EXAMPLES/,$d' |
		grep -oE -- ' --[a-z][a-z-]*' | sort -u |
		while read -r o; do "$BUILD/$p" --help | grep -q -e "$o" || echo "$o"; done)" ''
done
is 'sffs --help fits a screen of 80 by 24' \
	"$("$sffs" --help | awk 'length($0) > 80 { n++ } END { print (NR <= 24) (n + 0) }')" 10
like 'sffs --help shows examples' "$("$sffs" --help)" '*Example*'
like 'sffs(1) has the exit statuses' "$(page sffs.1 | sed -n '/^EXIT/,/^EXAMPLES/p' | tr -s ' \n' ' ')" \
	'*0 Done*2 Usage*3 Log in*4 Refused*5 The org is out of reach*6 Cannot mount*'

# The manual has every entry of the tree.
data=$TMP/data
mkdir "$data"
printf 'a,b\n1,2\n' >"$data/Table.csv"
org_start --data "$data"
fs_mount
is 'each entry of the root is in sffs-tree(5)' "$(ls -A "$MNT" | while read -r f; do page sffs-tree.5 |
	grep -q -F "$f" || echo "$f"; done)" ''
is 'each file of .sffs/ is in sffs-tree(5)' \
	"$(ls -A "$MNT/.sffs" | while read -r f; do page sffs-tree.5 | grep -q -F "$f" || echo "$f";
	done)" ''
is 'each view is in sffs-tree(5)' \
	"$(ls "$MNT/parsed/Table" | while read -r f; do page sffs-tree.5 | grep -q -F "$f" || echo "$f"; done)" \
	''
is 'each member of status.json is in sffs-tree(5)' \
	"$(jq -r 'paths | map(select(type == "string")) | join(".")' "$MNT/.sffs/status.json" \
	| grep -v '^refresh$\|^calls$\|^api_usage$\|^cache$\|^transfers$' |
	while read -r f; do page sffs-tree.5 | grep -q -F "$f" || echo "$f"; done)" ''
is 'each column of documents.tsv is in sffs-tree(5)' \
	"$(head -1 "$MNT/.sffs/documents.tsv" | tr '\t' '\n' | while read -r f; do page \
	sffs-tree.5 | grep -q -w "$f" || echo "$f"; done)" ''
fs_unmount

# Runs the example of sffs-org(1) as a newcomer types it, with the default umask; twice, and then with other data.
HOME=$TMP/home; export HOME
page sffs-org.1 | sed -n '/^EXAMPLES/,$s/^ *\$ //p' | head -4 >"$TMP/example"
for try in Documents/first Documents/second Other/third; do
	mkdir -p "$HOME/${try%/*}"
	echo "$try" >"$HOME/$try.txt"
	umask 022
	PATH=$BUILD:$PATH
	eval "$(sed "1,2!d; s,~/Documents,~/${try%/*}," "$TMP/example")"
	HELD=$!
	timeout 120 sh -c 'until grep -q client_secret "$HOME/try.conf" 2>/dev/null; do sleep 0.1; done'
	eval "$(sed 1,2d "$TMP/example")" >"$TMP/out"
	umask 077
	is "the example of sffs-org(1) works: $try" "$(cat "$HOME/mnt/documents/${try#*/}/${try#*/}.txt")" "$try"
	[ "$try" != Other/third ] || is 'another data directory is another org' "$(ls "$HOME/mnt/documents")" third
	fusermount3 -u "$HOME/mnt"
	kill "$HELD"; wait "$HELD" 2>/dev/null; HELD=
done
is 'the same arguments make the same org' "$(ls -d "$XDG_CACHE_HOME"/sffs/00D* | wc -l)" 3

# Completion.
printf '[other]\nlogin_url = https://other.my.salesforce.com\n' >>"$XDG_CONFIG_HOME/sffs/config"
PATH=$BUILD:$PATH; export PATH
# bash_says WORD...: the completions of the last word.
bash_says() {
	bash \
		-c '. "$0"; function=_${1//-/_}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		$function 2>/dev/null; printf "%s\n" "${COMPREPLY[@]}" | sort' \
		"$TOP/scripts/completion/sffs.bash" "$@" | paste -sd ' '
}
is 'bash completes commands and orgs' "$(bash_says sffs '')" 'doctor help other sim status'
is 'bash completes the orgs of a command' "$(bash_says sffs doctor '')" 'other sim'
is 'bash completes keys after -o' "$(bash_says sffs -o cache_)" 'cache_dir= cache_size='
is 'bash completes keys after a comma' "$(bash_says sffs -o refresh = 5,cache_)" '5,cache_dir= 5,cache_size='
is 'bash completes orgs after options' "$(bash_says sffs -o refresh = 5 -f o)" other
is 'bash completes options' "$(bash_says sffs --log)" --log-level
is 'bash completes directories' "$(cd "$TMP" && bash_says sffs sim mn)" mnt
is 'bash completes commands of sffs-auth, and their orgs' "$(bash_says sffs-auth log) $(bash_says sffs-auth token s)" \
	'login logout sim'
fish_says() { HOME=$TMP fish --no-config -c "source $TOP/scripts/completion/sffs.fish; complete -C '$1'" | cut -f1 |
	sort | paste -sd ' '; }
is 'fish completes commands and orgs' "$(fish_says 'sffs ')" 'doctor help other sim status'
is 'fish completes the orgs of a command' "$(fish_says 'sffs doctor ')" 'other sim'
is 'fish completes keys after -o' "$(fish_says 'sffs -o cache_')" 'cache_dir= cache_size='
is 'fish completes commands of sffs-auth, and their orgs' \
	"$(fish_says 'sffs-auth log') $(fish_says 'sffs-auth token s')" \
	'login logout sim'
ok 'zsh accepts the syntax of its completion' zsh -n "$TOP/scripts/completion/_sffs"
