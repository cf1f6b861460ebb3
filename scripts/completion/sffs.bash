# Completion of sffs and sffs-auth for bash. Commands, options, keys and their values come from the programs' help.

_sffs_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }
_sffs_dirs() { mapfile -t COMPREPLY < <(compgen -d -- "$1"); compopt -o filenames 2>/dev/null; }
_sffs_files() { mapfile -t COMPREPLY < <(compgen -f -- "$1"); compopt -o filenames 2>/dev/null; }

# Of a help text on standard input: its commands; its options.
_sffs_commands() { sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'; }
_sffs_options() { sed -n 's/^ *\(-.*\)/\1/p' | sed 's/   .*//' | grep -oE -- '--?[A-Za-z][a-z-]*'; }

# bash takes a word apart at each =: the index of the word to which word $1 belongs.
_sffs_begin() {
	local i=$1
	while ((i > 1)) && [[ ${COMP_WORDS[i]} == "=" || ${COMP_WORDS[i - 1]} == "=" ]]; do ((i--)); done
	echo "$i"
}

# How many words before the last one are neither options nor their values ($1: the options that take one).
_sffs_arguments() {
	local i n=0
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == "=" || ${COMP_WORDS[i - 1]} == "=" ]] && continue
		[[ ${COMP_WORDS[i]} == -* || " $1 " == *" ${COMP_WORDS[i - 1]} "* ]] || ((n++))
	done
	echo "$n"
}

# A key, or a value of one, after -o. $1: what is typed of the word.
_sffs_key() {
	local cur=$1 done= key=
	if [[ $cur == "=" ]]; then
		key=${COMP_WORDS[COMP_CWORD - 1]} cur=
	elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == "=" && $cur != *,* ]]; then
		key=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $key ]]; then
		local values
		values=$(sffs --keys 2>/dev/null | sed -n "s/^  ${key##*,}=\([^ ]*\).*/\1/p")
		case $values in
		PATH) _sffs_files "$cur" ;;
		*) _sffs_words "$(tr '|' '\n' <<<"$values" | grep -v '[A-Z.]')" "$cur" ;;
		esac
		return
	fi
	[[ $cur == *,* ]] && done=${cur%,*},
	mapfile -t COMPREPLY < <(compgen -P "$done" \
		-W "$(sffs --keys 2>/dev/null | sed -n 's/^  \([a-z_]*=\).*/\1/p')" -- "${cur##*,}")
	compopt -o nospace 2>/dev/null
}

_sffs() {
	local cur=${COMP_WORDS[COMP_CWORD]} commands command= word
	COMPREPLY=()
	case ${COMP_WORDS[$(_sffs_begin "$COMP_CWORD") - 1]} in
	-o) _sffs_key "$cur"; return ;;
	--config) _sffs_files "$cur"; return ;;
	--log-level) _sffs_words 'error warn info debug' "$cur"; return ;;
	esac
	commands=$(sffs --help 2>/dev/null | _sffs_commands)
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ -z $command && " ${commands//$'\n'/ } " == *" $word "* ]] && command=$word
	done
	case $cur:$(_sffs_arguments '-o --config --log-level'):$command in
	-*:) _sffs_words "$(sffs --help 2>/dev/null | _sffs_options)" "$cur" ;;
	-*) _sffs_words "--help $(sffs help "$command" 2>/dev/null | _sffs_options)" "$cur" ;;
	*:0:*) _sffs_words "$commands $(sffs --orgs 2>/dev/null)" "$cur" ;;
	*:1:status | *:1:doctor) _sffs_words "$(sffs --orgs 2>/dev/null)" "$cur" ;;
	*:1:help) _sffs_words "$commands" "$cur" ;;
	*:1:*) _sffs_dirs "$cur" ;;
	esac
}

_sffs_auth() {
	local cur=${COMP_WORDS[COMP_CWORD]}
	COMPREPLY=()
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--config) _sffs_files "$cur"; return ;;
	--timeout | --from-cli) return ;;
	esac
	if [[ $cur == -* ]]; then
		local commands='setup|login|status|list|token|logout|import' word command=--help
		for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
			[[ $word =~ ^($commands)$ ]] && { command=$word; break; }
		done
		_sffs_words "--config --help $(sffs-auth help "$command" 2>/dev/null |
			grep -oE -- '^ +--[a-z][a-z-]*')" "$cur"
	else
		case $(_sffs_arguments '--config --timeout --from-cli') in
		0) _sffs_words 'setup login status list token logout import help' "$cur" ;;
		1)
			case " ${COMP_WORDS[*]} " in
			*" help "*) _sffs_words 'setup login status list token logout import' "$cur" ;;
			*" list "*) ;;
			*) _sffs_words "$(sffs --orgs 2>/dev/null)" "$cur" ;;
			esac ;;
		2) [[ " ${COMP_WORDS[*]} " != *" import "* ]] || _sffs_files "$cur" ;;
		esac
	fi
}

complete -F _sffs sffs
complete -F _sffs_auth sffs-auth
