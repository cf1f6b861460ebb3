#!/bin/sh
# Each folder includes only what stands below it, and each foreign library has one home.
. "${0%/*}/lib.sh"; plan 22
cd "$TOP" || exit 1

# includes PATTERN: the folders and files of fs/ that these files include, beside their own folder.
includes() {
	# shellcheck disable=SC2086 # a pattern
	sed -n 's,^#include "fs/\(.*\)".*,\1,p' $1 | sed 's,/.*,,;s,\.h$,,' | sort -u | tr '\n' ' '
}
# may FOLDER 'OTHERS': fs/FOLDER includes only OTHERS of fs/.
may() {
	bad=
	for i in $(includes "fs/$1/*.[ch]"); do
		case " $2 " in *" $i "*) ;; *) bad="$bad $i" ;; esac
	done
	is "fs/$1 includes only: ${2:-nothing}" "$bad" ''
}
# home LIBRARY 'HEADER PATTERN' 'WHERE': no file outside its home includes it.
home() { is "$1: only its home includes it" \
	"$(grep -lE "#include <$2" auth/*.[ch] fs/*.[ch] fs/*/*.[ch] | grep -vE "^($3)" |
	tr '\n' ' ')" ''; }

is 'auth includes nothing of fs' "$(grep -l '#include ".*fs/' auth/*.[ch])" ''
is 'the simulated org includes only buf and log' \
	"$(grep -h '#include "\(auth\|fs\)/' tests/org/*.[ch] | sort -u | tr '\n' ' ')" \
	'#include "auth/buf.h" #include "auth/log.h" '
is 'name and document include nothing else of fs' "$(includes 'fs/name.[ch] fs/document.[ch]')" ''
may async ''
may catalogue 'document'
may store 'async'
may view ''
may rest 'document'
may sync 'catalogue rest name document async'
may content 'catalogue store view rest name document async'
may tree 'content sync catalogue name document async'
may mount 'tree content sync catalogue store rest document async'
may command 'mount rest catalogue store name'
home libfuse 'fuse' 'fs/mount/'
home SQLite 'sqlite3' 'fs/catalogue/'
home utf8proc 'utf8proc' 'fs/name\.c'
home libcsv 'csv\.h' 'fs/view/'
home libcurl 'curl/' 'auth/http\.c'
home cJSON 'cjson/' 'fs/rest/|fs/command/mounts\.c|auth/(json|token_file)'
is 'only main may exit' "$(grep -nE '(^|[^_a-z])(exit|abort|assert) ?\(' fs/*.c fs/*/*.c auth/*.c |
	grep -v '^auth/main\.c\|^fs/main\.c' | grep -v '^[^:]*:[0-9]*:[ \t]*[/ ]\*')" ''
# Also: a line of numbers that is written over, files in the mount, commands for a process of ours.
is 'only log.c prints what is not a literal or JSON' "$(grep -nE '(^|[^a-z_])(v?[fd]?printf|puts|perror|syslog) ?\(' \
	fs/*.c fs/*/*.c auth/*.c |
	grep -v '^auth/log\.c\|^fs/tree/inventory\.c\|^fs/mount/mounter\.c\|\\r\\033\[K\|__attribute__')" ''
# names: each static function and each struct of a file, with its folder.
names() {
	for f in auth/*.[ch] fs/*.[ch] fs/*/*.[ch]; do
		awk -v folder="${f%/*}" '/^(static |const )*struct [a-z_0-9]+ \{/{
				sub(/^(static |const )*/, ""); print "struct_" $2 " " folder; next }
			/^static /{ s = 1; next }
			s && /^[a-z_0-9]+\(/{ sub(/\(.*/, ""); print $0 " " folder } { s = 0 }' "$f"
	done | sort -u
}
is 'no two folders have a static function or a struct of one name' \
	"$(names | cut -d' ' -f1 | uniq -d | tr '\n' ' ')" ''
