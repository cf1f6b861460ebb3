# lib.sh - an org, a mount and TAP checks for scenarios.
#
# A scenario is a shell script that begins
#	. "${0%/*}/lib.sh"; plan 3
# and then reads like a user's commands. One trap ends everything that it starts. Nothing sleeps: the mount works when
# sffs returns, a refresh is done when the write to .sffs/refresh returns, and org_wait waits for a request.

# ALONE=1 before that runs it where no other test mounts, and every user may open /dev/fuse. It takes root.
case ${ALONE-} in 1) exec env ALONE=2 unshare -m --propagation private "$0" "$@" ;; esac

TOP=$(cd "${0%/*}/.." && pwd)
BUILD=${BUILD:-$TOP/build}
case $BUILD in /*) ;; *) BUILD=$TOP/$BUILD ;; esac
TMP=$(mktemp -d)
MNT=$TMP/mnt
ORG_URL=
export XDG_CONFIG_HOME="$TMP/config" XDG_STATE_HOME="$TMP/state" XDG_CACHE_HOME="$TMP/cache"
unset SFFS_CONFIG
umask 077
exec </dev/null	# no scenario reads the terminal
mkdir -p "$MNT" "$XDG_CONFIG_HOME/sffs" "$XDG_STATE_HOME" "$XDG_CACHE_HOME"
if [ "${ALONE-}" ]; then
	umount -a -l -t fuse.sffs
	mknod -m 666 "$TMP/fuse" c 10 229
	mount --bind "$TMP/fuse" /dev/fuse
	unset ALONE
fi
number=0 failed=0
# A daemon has no standard error: sanitizers write their reports to files, and any report fails the scenario.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$TMP/sanitizer" \
	TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}log_path=$TMP/sanitizer"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$TMP/sanitizer"

# at_end: a scenario defines it to end or unmount something else; it is called first.
at_end() { :; }
cleanup() {
	at_end
	[ -z "${HELD-}" ] || kill $HELD 2>/dev/null
	fusermount3 -u "$MNT" 2>/dev/null || fusermount3 -uz "$MNT" 2>/dev/null
	[ -z "${FS_PID-}" ] || { kill "$FS_PID" 2>/dev/null; wait "$FS_PID" 2>/dev/null; }
	[ -z "${ORG_PID-}" ] || { kill "$ORG_PID" 2>/dev/null; wait "$ORG_PID" 2>/dev/null; }
	for f in "$TMP"/sanitizer.*; do
		# A line of -- is a warning of valgrind's about itself.
		! grep -qs '^[^-]' "$f" || { failed=1; note 'a sanitizer says:'; sed 's/^/# /;60q' "$f"; }
	done
	[ -n "${KEEP-}" ] || rm -rf "$TMP"
}
trap 'cleanup; [ "$failed" = 0 ] && [ "$number" = "${planned:-0}" ] || exit 1' EXIT
trap 'exit 1' INT TERM HUP

plan() { planned=$1; echo "1..$1"; }
note() { printf '%s\n' "$*" | sed 's/^/# /'; }

# ok DESCRIPTION COMMAND...: the command succeeds.
ok() {
	what=$1; shift; number=$((number + 1))
	if "$@" >"$TMP/ok.out" 2>&1; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"; failed=1; note "$* failed"; sed 's/^/# /;20q' "$TMP/ok.out"
	fi
}
not() { ! "$@"; }
# is DESCRIPTION GOT WANT
is() {
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"; failed=1; note "got:  $2"; note "want: $3"
	fi
}
# like DESCRIPTION GOT PATTERN (of case)
like() {
	number=$((number + 1))
	# shellcheck disable=SC2254 # a pattern
	case $2 in
	$3) echo "ok $number - $1" ;;
	*) echo "not ok $number - $1"; failed=1; note "got:  $2"; note "want: $3" ;;
	esac
}
# same DESCRIPTION FILE FILE: the same bytes.
same() { ok "$1" cmp "$2" "$3"; }

# run DESCRIPTION STATUS COMMAND...: checks the exit status. $out has the output, $err the errors, $TMP/said all of both.
run() {
	what=$1 want=$2; shift 2
	timeout -s KILL 120 "$@" >"$TMP/out" 2>"$TMP/err"
	is "$what: exit status" "$?" "$want"
	out=$(cat "$TMP/out") err=$(cat "$TMP/err")
	cat "$TMP/out" "$TMP/err" >>"$TMP/said"
}
# within COMMAND...: kills it after two minutes, so that a wait which does not end is a check that fails.
within() { timeout -s KILL 120 "$@"; }
# interrupts DESCRIPTION COMMAND...: four processes run the command; each gets SIGINT while it waits, and ends by it.
interrupts() {
	what=$1; shift
	is "$what" "$(within python3 "$TOP/tests/callers.py" 4 "$@" | paste -sd ' ')" 'SIGINT SIGINT SIGINT SIGINT'
}

# Prints a free port that no outgoing connection will take.
free_port() { python3 -c "import sys; sys.path.insert(0, '$TOP/tests'); import front; print(front.free_port())"; }

# org_start ARGUMENTS...: starts a simulated org and writes its config section, named sim.
org_start() {
	mkfifo "$TMP/org.out"
	"$BUILD/sffs-org" "$@" >"$TMP/org.out" 2>"$TMP/org.log" &
	ORG_PID=$!
	while read -r key eq value; do
		printf '%s %s %s\n' "$key" "$eq" "$value"
		[ "$key" != login_url ] || echo "$value" >"$TMP/org.url"
		[ "$key" != client_secret ] || break
	done <"$TMP/org.out" >"$XDG_CONFIG_HOME/sffs/config"
	ORG_URL=$(cat "$TMP/org.url") || { cat "$TMP/org.log" >&2; exit 1; }
}
org() { path=$1; shift; curl -sSf "$ORG_URL/_org/$path" "$@"; }
# calls DESCRIPTION GLOB COUNT: COUNT requests since org_forget match "METHOD path".
calls() { is "$1" "$(org_count "$2")" "$3"; }
org_count() { org journal -G --data-urlencode "match=$1" | grep -c . || :; }
org_forget() { org journal/clear -X POST >/dev/null; }
# org_held COUNT: waits until the org holds so many requests.
org_held() { org wait -G -d "held=$1" -d timeout=30 >/dev/null; }
# org_wait GLOB [COUNT]: waits until so many requests have come.
org_wait() { org wait -G --data-urlencode "match=$1" -d "count=${2:-1}" -d timeout=30 >/dev/null; }

fs_mount() { "$BUILD/sffs" "$@" sim "$MNT"; }
fs_unmount() { fusermount3 -u "$MNT"; }
fs_sync() { echo now >"$MNT/.sffs/refresh"; }
