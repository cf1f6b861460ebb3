# Completion of sffs and sffs-auth for bash; orgs come from the config file, keys from the program.

_sffs_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }
_sffs_dirs() { mapfile -t COMPREPLY < <(compgen -d -- "$1"); compopt -o filenames 2>/dev/null; }
_sffs_files() { mapfile -t COMPREPLY < <(compgen -f -- "$1"); compopt -o filenames 2>/dev/null; }

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

_sffs() {
	local cur=${COMP_WORDS[COMP_CWORD]} before
	before=${COMP_WORDS[$(_sffs_begin "$COMP_CWORD") - 1]}
	COMPREPLY=()
	case $before in
	-o)
		local done=
		[[ $cur == *,* ]] && done=${cur%,*},
		[[ $cur == "=" || (${COMP_WORDS[COMP_CWORD - 1]} == "=" && -z $done) ]] && return
		mapfile -t COMPREPLY < <(compgen -P "$done" -W "$(sffs --keys 2>/dev/null | sed -n 's/^ *\([a-z_]*=\).*/\1/p')" -- "${cur##*,}")
		compopt -o nospace 2>/dev/null
		return ;;
	--config) _sffs_files "$cur"; return ;;
	--log-level) _sffs_words 'error warn info debug' "$cur"; return ;;
	esac
	if [[ $cur == -* ]]; then
		_sffs_words "$(sffs --help | grep -oE -- '--?[a-z][a-z-]*' | sort -u)" "$cur"
	else
		case $(_sffs_arguments '-o --config --log-level') in
		0) _sffs_words "status doctor help $(sffs --orgs 2>/dev/null)" "$cur" ;;
		1)
			case " ${COMP_WORDS[*]} " in
			*" status "* | *" doctor "*) _sffs_words "$(sffs --orgs 2>/dev/null)" "$cur" ;;
			*) _sffs_dirs "$cur" ;;
			esac ;;
		esac
	fi
}

_sffs_auth() {
	local cur=${COMP_WORDS[COMP_CWORD]}
	COMPREPLY=()
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--config) _sffs_files "$cur"; return ;;
	--timeout | --from-cli) return ;;
	esac
	if [[ $cur == -* ]]; then
		_sffs_words "$(sffs-auth --help | grep -oE -- '--?[a-z][a-z-]*' | sort -u)" "$cur"
	else
		case $(_sffs_arguments '--config --timeout --from-cli') in
		0) _sffs_words 'login status token logout import' "$cur" ;;
		1) _sffs_words "$(sffs --orgs 2>/dev/null)" "$cur" ;;
		2) _sffs_files "$cur" ;;
		esac
	fi
}

complete -F _sffs sffs
complete -F _sffs_auth sffs-auth
