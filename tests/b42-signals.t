#!/bin/sh
# A signal that does not mean "stop" (a child has ended, the window has another size, Ctrl-Z and back) interrupts nobody who waits for the mount; one that does, ends the wait, also when it comes later.
. "${0%/*}/lib.sh"; plan 9
mkdir "$TMP/data"
printf 'one\n' >"$TMP/data/One.txt"
org_start --data "$TMP/data"
fs_mount -o refresh=0
hold() { org fault -d kind=hold --data-urlencode 'match=GET */queryAll*' -d times=1 >/dev/null; }
go="curl -sSf -X POST $ORG_URL/_org/release"
signalled() { python3 "$TOP/tests/signalled.py" "$MNT/documents/One" "$@" 2>&1; }

for s in SIGCHLD SIGWINCH SIGURG SIGCONT SIGUSR2; do
	hold
	is "$s is none" "$(signalled $s -- $go)" there
done
hold
is 'nor are many' "$(signalled SIGCHLD SIGWINCH SIGURG SIGCHLD -- $go)" there
hold
is 'but SIGTERM that comes after one' "$(signalled SIGCHLD -- sh -c 'kill -TERM $PID')" SIGTERM
org release -X POST >/dev/null
hold
is 'also where the program catches it' "$(signalled SIGCHLD -- sh -c 'kill -ALRM $PID')" 'Interrupted system call'
org release -X POST >/dev/null
hold
# Bash has a handler for SIGCHLD.
org_forget
bash -c 'sleep 0.1 & [ -e "$1" ] && wait' - "$MNT/documents/One/One.txt" & looks=$!
org_wait 'GET */queryAll*'
timeout 20 sh -c "while [ -d /proc/\$(pgrep -P $looks sleep || echo none) ]; do sleep 0.05; done"
org release -X POST >/dev/null
ok 'a shell whose child ends meanwhile finds what is there' wait $looks
