#!/bin/sh
# A mount starts well with closed descriptors, with many open ones, with blocked signals and with small limits.
. "${0%/*}/lib.sh"; plan 31
data=$TMP/data
mkdir "$data"
printf 'hello\n' >"$data/hello.txt"
head -c 400000 /dev/zero >"$data/large.bin"
for i in $(seq 100); do printf '%s\n' $i >"$data/d$i.txt"; done
org_start --data "$data"
sffs=$BUILD/sffs docs=$MNT/documents
daemon() { pgrep -f "$sffs.* $MNT\$"; }
gone() { timeout 120 sh -c "while pgrep -f '$sffs.* $MNT\$' >/dev/null; do sleep 0.05; done"; }
end() { fs_unmount; gone; }

for closed in '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- 2>&-' '<&- >&- 2>&-'; do
	timeout -s KILL 60 sh -c "exec '$sffs' sim '$MNT' $closed"
	is "started with $closed, sffs returns" "$?" 0
	is "started with $closed, sffs mounts" "$(cat "$docs/hello/hello.txt")" hello
	end
done
"$BUILD/sffs-auth" status sim >&- 2>"$TMP/err"
is 'sffs-auth says that its standard output is closed' "$? $(cat "$TMP/err")" \
	'1 sffs-auth: standard output: Bad file descriptor'
"$sffs" doctor sim >/dev/full
is 'sffs doctor fails if its report cannot be written' "$?" 1

exec 9>"$TMP/lock" 8<"$TMP"
flock 9
fs_mount
exec 9>&- 8<&-
ok 'the mount does not hold a lock that its caller has released' flock -n "$TMP/lock" true
is 'no process of the mount has a descriptor of the caller' "$(for p in $(daemon) $(pgrep -f "^sffs-mounter .* $MNT\$")
do ls -l "/proc/$p/fd"; done | grep -c "$TMP\$\|$TMP/lock")" 0
end

# odd COMMAND...: runs it as a caller does that ignores SIGCHLD and blocks all signals.
odd() { python3 -c 'import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execv(sys.argv[1], sys.argv[1:])' "$@"; }
odd "$sffs" -o filter=x sim "$MNT" 2>/dev/null
is 'a caller that ignores SIGCHLD gets the exit status of a start' "$?" 2
odd "$sffs" sim "$MNT"
is 'a caller that blocks all signals can mount' "$? $(cat "$docs/hello/hello.txt")" '0 hello'
kill "$(daemon)"
ok 'SIGTERM ends the mount of a caller that blocks it' gone

# Ctrl-Z stops a script and its process group. The mounter is in the process group of the script that mounted.
fs_mount
kill -TSTP "$(pgrep -f "^sffs-mounter .* $MNT\$")"
fs_unmount
ok 'an unmount ends the process of the mount, also after Ctrl-Z in the script that mounted' gone

# Limits.
rm -rf "$XDG_CACHE_HOME/sffs"
prlimit --fsize=300000 "$sffs" sim "$MNT" 2>"$TMP/err"
is 'a start warns of a limit of file sizes' "$? $(cat "$TMP/err")" \
	'0 sffs: no document of more than 300000 bytes can be read (ulimit -f)'
cat "$docs/large/large.bin" >/dev/null 2>&1
is 'a document larger than the limit of file sizes cannot be read' "$?" 1
is 'the mount survives a document larger than the limit' "$(cat "$docs/hello/hello.txt")" hello
end
rm -rf "$XDG_CACHE_HOME/sffs"
prlimit --fsize=16384 "$sffs" sim "$MNT" 2>"$TMP/err"
is 'sffs exits if the limit of file sizes leaves no room for the list of documents' "$?" 1
like '... and says why' "$(tail -1 "$TMP/err")" 'sffs: *catalogue-*'
rm -rf "$XDG_CACHE_HOME/sffs"

for n in $(seq 4 40); do
	# LeakSanitizer needs descriptors, and without them it does not end
	ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" prlimit --nofile=$n "$sffs" sim "$MNT" >"$TMP/out" 2>"$TMP/err"
	echo "$?" >>"$TMP/statuses"
	! grep -q " $MNT " /proc/mounts || end
	grep -q 'ulimit -n' "$TMP/err" || echo "$n: does not say ulimit"
	! grep 'out of reach\|No space\|damaged' "$TMP/err" || echo "$n"
done >"$TMP/wrong"
is 'a start with too few descriptors says ulimit -n, and nothing else' "$(cat "$TMP/wrong")" ''
is 'a start with 4 descriptors fails, one with 40 mounts' "$(head -1 "$TMP/statuses") $(tail -1 "$TMP/statuses")" '1 0'

prlimit --nofile=60 "$sffs" sim "$MNT" 2>/dev/null
is 'a program gets EMFILE if it opens more files than the mount may open' "$(python3 - "$docs" <<'EOF'
import errno, os, sys
fds, errors = [], set()
for i in range(1, 101):
    try:
        fds.append(os.open('%s/d%d/d%d.txt' % (sys.argv[1], i, i), os.O_RDONLY))
        os.read(fds[-1], 10)
    except OSError as e:
        errors.add(errno.errorcode[e.errno])
print(*errors)
EOF
)" EMFILE
log() { sed 's/^/# /' "$MNT/.sffs/log"; }
[ "$failed" = 0 ] || log
is 'all files can be read again when that program has ended' "$(cat "$docs"/d*/d*.txt | sort -n | tail -1)" 100
end
