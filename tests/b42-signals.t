#!/bin/sh
# A harmless signal (a child has ended, the window has a new size, Ctrl-Z and back) does not interrupt a program that
# waits for the mount. A signal that means "stop" ends the wait, also after a harmless one.
. "${0%/*}/lib.sh"; plan 13
mkdir "$TMP/data"
printf 'one\n' >"$TMP/data/One.txt"
org_start --data "$TMP/data"
fs_mount -o refresh=0
# Holds the next refresh. Nothing of an earlier one is left, neither an unused fault nor a request.
hold() {
	org fault/clear -X POST >/dev/null
	org_forget
	org fault -d kind=hold --data-urlencode 'match=GET */queryAll*' -d times=1 >/dev/null
}
# The release waits until the org has the request; otherwise it would come too early.
held="curl -sSf -G $ORG_URL/_org/wait -d held=1 -d timeout=60"
go="$held && curl -sSf -X POST $ORG_URL/_org/release"
signalled() { python3 "$TOP/tests/signalled.py" "$MNT/documents/One" "$@" 2>&1; }

for s in SIGCHLD SIGWINCH SIGURG SIGCONT SIGUSR2; do
	hold
	is "$s does not end a wait" "$(signalled $s -- sh -c "$go")" there
done
hold
is 'four harmless signals do not end a wait' "$(signalled SIGCHLD SIGWINCH SIGURG SIGCHLD -- sh -c "$go")" there
hold
is 'SIGTERM after a harmless signal ends the wait' "$(signalled SIGCHLD -- sh -c "$held; kill -TERM \$PID")" SIGTERM
org release -X POST >/dev/null
hold
is 'SIGTERM ends the wait of a caller that is in a thousand groups' "$(setpriv --groups "$(seq -s, 100001 101000)" \
	python3 "$TOP/tests/signalled.py" "$MNT/documents/One" SIGCHLD -- sh -c "$held; kill -TERM \$PID")" SIGTERM
org release -X POST >/dev/null
hold
is 'SIGALRM ends the wait of a program that catches it' "$(signalled SIGCHLD -- sh -c "$held; kill -ALRM \$PID")" \
	'Interrupted system call'
org release -X POST >/dev/null
hold
# Bash has a handler for SIGCHLD. Its child ends only when the org holds the request that bash waits for.
mkfifo "$TMP/end"
bash -c 'read -r _ <"$2" & [ -e "$1" ] && wait' - "$MNT/documents/One/One.txt" "$TMP/end" & looks=$!
sh -c "$held" >/dev/null
child=$(pgrep -P $looks)
echo >"$TMP/end"
timeout 60 sh -c "while [ -d /proc/$child ] && ! grep -q '^State:.*Z' /proc/$child/status; do sleep 0.05; done"
org release -X POST >/dev/null
ok 'a shell whose child ends meanwhile finds the file' wait $looks
fs_unmount

# The kernel may tell a mount twice that one request is interrupted.
gcc -shared -fPIC -O1 -D_GNU_SOURCE -o "$TMP/twice.so" "$TOP/tests/twice.c" || exit 1
case $BUILD in *asan|*tsan) ;; *) preload=LD_PRELOAD=$TMP/twice.so ;; esac
env ${preload-} "$BUILD/sffs" -o refresh=0 sim "$MNT"
hold
is 'a harmless signal that the kernel reports twice does not end a wait' "$(signalled SIGCHLD -- sh -c "$go")" there
hold
is 'SIGTERM after a signal that is reported twice ends the wait' \
	"$(signalled SIGCHLD -- sh -c "$held; kill -TERM \$PID")" SIGTERM
org release -X POST >/dev/null
ok 'the mount goes on after doubled interrupts' ls "$MNT/documents"
