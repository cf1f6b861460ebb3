#!/bin/sh
# If a first mount is interrupted, it says how many documents it keeps. The next mount goes on there.
. "${0%/*}/lib.sh"; plan 10
org_start --synthetic 5000
cat >"$TMP/interrupted.py" <<'PY'
"""interrupted.py COMMAND...: runs it on a terminal, presses Ctrl-C when the org holds a request, prints its words."""
import os, pty, signal, subprocess, sys
child, terminal = pty.fork()
if child == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
subprocess.run(['curl', '-sSf', os.environ['ORG_URL'] + '/_org/wait?held=1&timeout=60'], check=True,
               stdout=subprocess.DEVNULL)
os.write(terminal, b'\x03')
said = b''
while True:
    try:
        new = os.read(terminal, 4096)
    except OSError:     # the command and its child have ended
        break
    said += new
print(said.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
PY
export ORG_URL
# hold N: removes all cached data, and lets the org hold the query that comes after N others.
hold() { rm -rf "$XDG_CACHE_HOME/sffs"
	org fault -d kind=hold --data-urlencode 'match=GET */query*' -d skip="$1" >/dev/null; }
go_on() { org release -X POST >/dev/null; org fault/clear -X POST >/dev/null; }

hold 1
like 'after Ctrl-C sffs says how many documents it keeps' \
	"$(within python3 "$TMP/interrupted.py" "$BUILD/sffs" sim "$MNT")" \
	'*2000 of 5000 documents, 1 call*sffs: ended; the first 2000 documents of the list are kept, '\
'and the next mount goes on there* -2'
go_on
ok 'nothing is mounted after Ctrl-C' not mountpoint -q "$MNT"
org_forget
ok 'the next mount works' fs_mount
# Two more are for permissions and libraries.
calls 'the next mount asks for the pages that are missing' 'GET */query*' 4
is 'the next mount has all documents' "$(jq .documents "$MNT/.sffs/status.json")" 5000
fs_unmount

hold 1
"$BUILD/sffs" sim "$MNT" 2>"$TMP/err" & start=$!
org_held 1
kill $start
wait $start
is 'SIGTERM ends a start by that signal' "$?" 143
is 'without a terminal sffs prints only the line about the kept documents' "$(cat "$TMP/err")" \
	'sffs: ended; the first 2000 documents of the list are kept, and the next mount goes on there'
go_on
hold 0
"$BUILD/sffs" sim "$MNT" 2>"$TMP/err" & start=$!
org_held 1
kill $start
wait $start
is 'before the first page sffs keeps nothing and says nothing' "$? $(cat "$TMP/err")" '143 '
go_on
hold 1
(trap '' TERM; exec "$BUILD/sffs" -f sim "$MNT") 2>"$TMP/err" & FS_PID=$!
org_held 1
kill -s TERM $FS_PID
go_on
ok 'a signal that the caller ignores does not end a first mount' timeout 120 sh -c \
	"until mountpoint -q '$MNT'; do kill -0 $FS_PID || exit; sleep 0.05; done"
fs_unmount
wait $FS_PID
is 'a mount that ignores SIGTERM ends with status 0 after an unmount' "$?" 0
FS_PID=
