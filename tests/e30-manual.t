#!/bin/sh
# The manual and --help describe what the programs do; shells complete orgs, keys and options.
. "${0%/*}/lib.sh"; plan 83
sffs=$BUILD/sffs
man=$BUILD/man
# The words of manual page $1 as plain text.
page() { mandoc -T ascii -O width=900 "$man/$1" | sed 's/.\x08//g'; }

ok 'make has made the manual pages' \
	sh -c "ls '$man'/sffs.1 '$man'/sffs-auth.1 '$man'/sffs-org.1 '$man'/sffs.conf.5 '$man'/sffs-tree.5"
is 'mandoc -T lint finds nothing' "$(cd "$man" && mandoc -T lint * 2>/dev/null |
	grep -v 'referenced manual not found')" ''
is 'sffs --keys lists keys, and each is in sffs.conf(5)' \
	"$("$sffs" --keys | sed -n 's/^  \([a-z_]*\)=.*/\1/p' | while read -r key; do page sffs.conf.5 |
	grep -q "^ *$key=" || echo "$key"; done; "$sffs" --keys | grep -c 'refresh=DURATION')" 1
is 'sffs --keys has an example for each key, in a group' "$("$sffs" --keys | awk '/^[A-Z]/ { group++ }
	/^  [a-z_]*=/ { split($1, k, "="); keys += group > 0 } / example: / && $2 == k[1] { good++ }
	END { print keys - good, group }')" '0 7'
is 'sffs.conf(5) has the same groups' \
	"$(page sffs.conf.5 | sed -n '/^KEYS/,/^LOGGING/s/^   \([A-Z][A-Za-z ]*\)$/\1:/p')" \
	"$("$sffs" --keys | grep '^[A-Z]')"
is 'sffs.conf(5) has the default of cache_size' "$(page sffs.conf.5 | grep -c 'by default 10G')" 1
# helps PROGRAM: all of its help.
helps() {
	"$BUILD/$1" --help
	[ "$1" != sffs ] || for c in $commands; do "$sffs" help "$c"; done
}
commands='unmount status doctor'
for p in sffs sffs-auth; do
	is "$p: each option of --help is in $p(1)" "$(helps $p | grep -oE -- '--[a-z][a-z-]*' | sort -u |
		while read -r o; do page $p.1 | grep -q -e "$o" || echo "$o"; done)" ''
	is "$p: each option of $p(1) is in --help" "$(page $p.1 | sed '/^EXAMPLES/,$d' |
		grep -oE -- ' --[a-z][a-z-]*' | sort -u |
		while read -r o; do helps $p | grep -q -e "$o" || echo "$o"; done)" ''
done
is 'sffs --help fits a screen of 80 by 24' \
	"$("$sffs" --help | awk 'length($0) > 80 { n++ } END { print (NR <= 24) (n + 0) }')" 10
is 'sffs --help lists the commands' "$("$sffs" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | paste -sd ' ')" \
	"$commands help"
for c in $commands; do
	like "sffs help $c shows its use and an example" "$("$sffs" help "$c")" "usage: sffs $c *Example*: sffs $c *"
	is "sffs $c --help is the same" "$("$sffs" "$c" --help)" "$("$sffs" help "$c")"
	is "sffs $c -h is the same" "$("$sffs" "$c" -h)" "$("$sffs" help "$c")"
	is "sffs help $c fits in 90 columns" "$("$sffs" help "$c" | awk 'length($0) > 90')" ''
done
is 'sffs help is sffs --help' "$("$sffs" help)" "$("$sffs" --help)"
is 'sffs help mount is sffs --help' "$("$sffs" help mount)" "$("$sffs" --help)"
like 'sffs --help says how to begin' "$("$sffs" --help)" '*sffs-auth setup ORG*'
run 'sffs help of what is no command' 2 "$sffs" help nosuch
like 'sffs help of what is no command: message' "$err" '*there is no command nosuch*'
for wrong in 'status --cache' 'doctor sim --metrics' 'unmount -f /' 'status -o refresh=5' '--json sim /mnt' \
	'help --json'; do
	run "an option of another command: $wrong" 2 "$sffs" $wrong
	like "an option of another command: $wrong: message" "$err" 'sffs: * takes no -*see sffs --help*'
done
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
is 'each metric is in sffs(1), and no other' \
	"$("$sffs" status --metrics | sed -n 's/^\([a-z_]*\)[{ ].*/\1/p' | sort -u)" \
	"$(page sffs.1 | sed -n '/^METRICS/,/^EXIT/p' | grep -o 'sffs_[a-z_]*' | sort -u)"
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
is 'bash completes commands and orgs' "$(bash_says sffs '')" 'doctor help other sim status unmount'
is 'bash completes the orgs of a command' "$(bash_says sffs doctor '')" 'other sim'
is 'bash completes keys after -o' "$(bash_says sffs -o cache_)" 'cache_dir= cache_size='
is 'bash completes keys after a comma' "$(bash_says sffs -o refresh = 5,cache_)" '5,cache_dir= 5,cache_size='
is 'bash completes orgs after options' "$(bash_says sffs -o refresh = 5 -f o)" other
is 'bash completes the values of a key' "$(bash_says sffs -o names =)" 'portable unix'
is 'bash completes the values of a key after a comma' "$(bash_says sffs -o refresh = 5,offline = f)" fail
is 'bash completes files for a path' "$(cd "$TMP" && mkdir cached && bash_says sffs -o cache_dir = cac)" 'cache cached'
is 'bash completes the options of a command' "$(bash_says sffs status --)" '--help --json --metrics'
is 'bash completes commands after help' "$(bash_says sffs help '')" 'doctor help status unmount'
is 'bash completes mount points to unmount' "$(cd "$TMP" && bash_says sffs unmount mn)" mnt
is 'bash completes options' "$(bash_says sffs --log)" --log-level
is 'bash completes directories' "$(cd "$TMP" && bash_says sffs sim mn)" mnt
is 'bash completes commands of sffs-auth, and their orgs' "$(bash_says sffs-auth log) $(bash_says sffs-auth token s)" \
	'login logout sim'
is 'bash completes the options of a command of sffs-auth' "$(bash_says sffs-auth logout --)" '--config --help --purge'
is 'bash completes the command that sffs-auth help names' "$(bash_says sffs-auth help s)" 'setup status'
fish_says() { HOME=$TMP fish --no-config -c "source $TOP/scripts/completion/sffs.fish; complete -C '$1'" | cut -f1 |
	sort | paste -sd ' '; }
is 'fish completes commands and orgs' "$(fish_says 'sffs ')" 'doctor help other sim status unmount'
is 'fish completes the orgs of a command' "$(fish_says 'sffs doctor ')" 'other sim'
is 'fish completes keys after -o' "$(fish_says 'sffs -o cache_')" 'cache_dir= cache_size='
is 'fish completes the values of a key' "$(fish_says 'sffs -o names=')" 'names=portable names=unix'
is 'fish completes the values of a key after a comma' "$(fish_says 'sffs -o refresh=5,offline=f')" \
	'refresh=5,offline=fail'
is 'fish completes the options of a command' "$(fish_says 'sffs status --')" \
	'--config --help --json --log-level --metrics'
is 'fish completes commands of sffs-auth, and their orgs' \
	"$(fish_says 'sffs-auth log') $(fish_says 'sffs-auth token s')" \
	'login logout sim'
is 'fish completes the options of a command of sffs-auth' "$(fish_says 'sffs-auth list --')" '--config --help --json'
ok 'zsh accepts the syntax of its completion' zsh -n "$TOP/scripts/completion/_sffs"
# zsh_says FUNCTION PREFIX [WORD...]: what a function of the completion offers.
zsh_says() {
	zsh -f -c 'compdef() { :; }; compadd() { local array=; while [[ $1 == -* ]]; do
			case $1 in -a) array=$2; shift ;; -S) shift ;; esac; shift; done
			[[ $array ]] && print -l -- ${(P)array} || print -l -- "$@"; }
		compset() { PREFIX=${PREFIX##${~2}}; }
		service= file=$1 function=$2 PREFIX=$3; shift 3; words=("$@") CURRENT=$(($# + 1))
		source $file; $function' zsh "$TOP/scripts/completion/_sffs" "$@" | sort | paste -sd ' '
}
is 'zsh completes commands and orgs' "$(zsh_says _sffs_first '')" 'doctor help other sim status unmount'
is 'zsh completes the orgs of a command' "$(zsh_says _sffs_second '' sffs doctor)" 'other sim'
is 'zsh completes the values of a key' "$(zsh_says _sffs_keys 'refresh=5,names=')" 'portable unix'
is 'zsh completes keys' "$(zsh_says _sffs_keys '' | tr ' ' '\n' | grep cache_ | paste -sd ' ')" 'cache_dir cache_size'
