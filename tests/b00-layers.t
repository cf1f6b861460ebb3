#!/bin/sh
# Each file includes only what stands below it, and each foreign library has one home.
. "${0%/*}/lib.sh"; plan 27
cd "$TOP" || exit 1

# includes FILES...: what they include of our own, one path a line.
includes() { sed -n 's/^#include "\(.*\)"/\1/p' "$@" | sed 's,.*/,,;s,\.h$,,' | sort -u; }
# may DESCRIPTION "FILES" "MODULES": the files include none but these.
may() {
	bad=
	for i in $(eval includes $2); do
		case " $3 " in *" $i "*) ;; *) bad="$bad $i" ;; esac
	done
	is "$1" "$bad" ''
}
# home LIBRARY 'HEADER PATTERN' 'WHERE': files that include it, beyond its home.
home() { is "$1 has one home" "$(grep -lE "#include <$2" auth/*.[ch] fs/*.[ch] fs/*/*.[ch] | grep -vE "^($3)" | tr '\n' ' ')" ''; }

# own DIRECTORY: the headers in it.
own() { ls "$1"/*.h | sed 's,.*/,,;s,\.h$,,' | tr '\n' ' '; }
bottom='buf log secret config clock fnv'
is 'auth knows nothing of fs' "$(grep -l '#include ".*fs/' auth/*.[ch])" ''
is 'the simulated org shares buf and log alone' \
	"$(grep -h '#include "\(auth\|fs\)/' tests/org/*.[ch] | sort -u | tr '\n' ' ')" '#include "auth/buf.h" #include "auth/log.h" '
may 'catalogue is a leaf' 'fs/catalogue.[ch] fs/catalogue/*.[ch]' "catalogue document $(own fs/catalogue) $bottom"
may 'store is a leaf' 'fs/store.[ch] fs/store/*.[ch]' "store wait pool $(own fs/store) $bottom"
may 'name is a leaf' 'fs/name.[ch]' 'name fnv'
may 'rest is a leaf' 'fs/rest.[ch] fs/rest/*.[ch]' "rest document budget http token $(own fs/rest) $bottom"
may 'view is a leaf' 'fs/view.h fs/view/*.[ch]' "view $(own fs/view) $bottom"
may 'sync joins rest, name and catalogue' 'fs/sync.[ch] fs/sync/*.[ch]' "sync $(own fs/sync) versions rest name catalogue document wait pool $bottom"
may 'version joins store and rest' 'fs/version.[ch]' "version store rest inside document $bottom"
may 'surveys join version, view, names and catalogue' 'fs/surveys.[ch]' "surveys version store view note column_names name catalogue document wait pool task $bottom"
may 'file joins version, surveys, store and view' 'fs/file.[ch]' "file version surveys column_names store view document wait $bottom"
may 'inside is made of the record alone' 'fs/inside.[ch]' "inside document name $bottom"
may 'inventory joins catalogue and inside' 'fs/inventory.[ch]' "inventory catalogue inside document name wait pool task $bottom"
may 'tree does not ask the org itself' 'fs/tree.[ch] fs/tree/*.[ch]' "tree $(own fs/tree) catalogue inside inventory ahead file sync demand document name wait $bottom"
may 'ahead joins catalogue, version and store' 'fs/ahead.[ch]' "ahead catalogue version store inside document wait pool $bottom"
may 'mount knows the tree' 'fs/mount.[ch]' "mount keeper tree file callers signals sync catalogue wait notify $bottom"
may 'confine and keeper know nobody' 'fs/confine.[ch] fs/keeper.[ch]' 'confine keeper'
may 'claim, mountinfo and notify know nobody' 'fs/claim.[ch] fs/mountinfo.[ch] fs/notify.[ch]' "claim mountinfo notify $bottom"
may 'list asks mounts through their files alone' 'fs/list.[ch]' "list mountinfo $bottom"
may 'doctor joins auth and rest' 'fs/doctor.[ch]' "doctor rest confine host http token oauth $bottom"
home libfuse 'fuse' 'fs/mount\.c'
home SQLite 'sqlite3' 'fs/catalogue/'
home utf8proc 'utf8proc' 'fs/name\.c'
home libcsv 'csv\.h' 'fs/view/'
home libcurl 'curl/' 'auth/http\.c'
home cJSON 'cjson/' 'fs/(rest|list)\.c|fs/rest/|auth/(oauth|token_file|sfdx)'
is 'only main may exit' "$(grep -nE '(^|[^_a-z])(exit|abort|assert) ?\(' fs/*.c fs/*/*.c auth/*.c | grep -v '^auth/main\.c\|^fs/main\.c' | grep -v '^[^:]*:[0-9]*:[ \t]*[/ ]\*')" ''
