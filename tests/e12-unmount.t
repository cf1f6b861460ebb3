#!/bin/sh
# sffs unmount unmounts, waits for the process of the mount, and says which programs are in the way.
ALONE=${ALONE-1}
unset TMPDIR	# another user must get there
. "${0%/*}/lib.sh"; plan 49
data=$TMP/data
mkdir "$data"
printf 'hello\n' >"$data/hello.txt"
org_start --data "$data"
sffs=$BUILD/sffs
chmod 711 "$TMP"
at_end() { [ -z "${pid-}" ] || kill -KILL "$pid" 2>/dev/null; }
# process: of the mount.
process() { "$sffs" status --json sim | jq -r --arg where "$MNT" '.[] | select(.mountpoint == $where).pid'; }
# gone: nothing is mounted, and the process has ended already; init may not have noticed yet.
gone() { ! mountpoint -q "$MNT" && ! cat "/proc/$pid/cmdline" 2>/dev/null | grep -q .; }
# unmounts DESCRIPTION PATH: from $TMP; it works, says nothing, and the process is gone.
unmounts() {
	fs_mount
	pid=$(process)
	run "$1" 0 sh -c 'cd "$1" && exec "$2" unmount "$3"' sh "$TMP" "$sffs" "$2"
	is "$1: it says nothing" "$out$err" ''
	ok "$1: the process has ended" gone
}

unmounts 'a mount' "$MNT"
unmounts 'a relative path' mnt
unmounts 'a slash at the end' "$MNT//"
ln -s mnt "$TMP/link"
unmounts 'a symbolic link' "$TMP/link"

run 'what is not mounted' 2 "$sffs" unmount "$MNT"
is 'what is not mounted: message' "$err" "sffs: $MNT: sffs has mounted nothing here; sffs status shows where it has"
run 'a path that is not there' 2 "$sffs" unmount "$TMP/nosuch"
is 'a path that is not there: message' "$err" "sffs: $TMP/nosuch: No such file or directory"
run 'a mount of another filesystem' 2 "$sffs" unmount /proc
run 'no path' 2 "$sffs" unmount
like 'no path: message' "$err" '*usage: sffs unmount MOUNTPOINT*'
fs_mount
run 'a path in a mount' 2 "$sffs" unmount "$MNT/documents/hello"
like 'a path in a mount: message' "$err" "*inside the mount $MNT; say: sffs unmount $MNT"

# Programs that keep it busy: each tells that it does, and goes on until its input ends.
mkfifo "$TMP/in" "$TMP/out1"
held=$(printf 'odd\033name')
ln -s "$(command -v bash)" "$TMP/$held"
for use in 'cd "$1/documents"' 'exec 5<"$1/documents/hello/hello.txt"'; do
	"$TMP/$held" -c "$use"' && echo there && read -r end' sh "$MNT" <"$TMP/in" >"$TMP/out1" & busy=$!
	exec 8>"$TMP/in"
	read -r line <"$TMP/out1"
	run "a program keeps it busy: $use" 6 "$sffs" unmount "$MNT"
	like "it is named: $use" "$err" "*$MNT: busy: odd\\\\u001bname (process $busy) uses $MNT/documents*"
	like "the last line says what to do: $use" "$err" "*still mounted; end what uses it*again: sffs unmount $MNT"
	exec 8>&-
	wait "$busy"
done
cat >"$TMP/map.py" <<'END'
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, 6, prot=mmap.PROT_READ)
os.close(fd)
m2 = None
for n in os.listdir('/proc/self/fd'):       # mmap keeps a descriptor of its own
    try:
        if os.readlink('/proc/self/fd/' + n) == sys.argv[1]: os.close(int(n))
    except OSError: pass
print('there', flush=True)
sys.stdin.read()
END
python3 "$TMP/map.py" "$MNT/documents/hello/hello.txt" <"$TMP/in" >"$TMP/out1" & busy=$!
exec 8>"$TMP/in"
read -r line <"$TMP/out1"
run 'a mapped file keeps it busy' 6 "$sffs" unmount "$MNT"
like 'who has mapped a file is named' "$err" "*(process $busy) uses $MNT/documents/hello/hello.txt*"
exec 8>&-
wait "$busy"
mount -t tmpfs none "$MNT/documents"
run 'a mount inside keeps it busy' 6 "$sffs" unmount "$MNT"
like 'the mount inside is named' "$err" "*something is mounted on $MNT/documents*"
umount "$MNT/documents"

# A mount that is stopped, and one that was killed.
pid=$(process)
kill -STOP "$pid"
run 'sffs where a stopped mount is' 6 "$sffs" sim "$MNT"
is 'it does not hang, and says what to do' "$err" \
	"sffs: $MNT: a mount that does not answer is here; to unmount it: sffs unmount $MNT"
run 'a stopped mount' 1 "$sffs" unmount "$MNT"
like 'a stopped mount: how its process ends' "$err" "*unmounted, but its process is stopped*: kill -CONT $pid"
ok 'a stopped mount is unmounted' not mountpoint -q "$MNT"
kill -CONT "$pid"
within sh -c "while kill -0 $pid 2>/dev/null; do :; done"
fs_mount	# nobody looks at it: the kernel has no attributes, which would do for a look at the path
pid=$(pgrep -f "$sffs sim $MNT\$")
kill -KILL "$pid"
within sh -c "while kill -0 $pid 2>/dev/null; do :; done"
run 'a killed mount' 0 "$sffs" unmount "$MNT/"
ok 'a killed mount is unmounted' gone

# An ordinary user, who needs fusermount3; and root, whose mount it is not.
cat >"$TMP/as" <<END
#!/bin/sh
exec setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$TMP/home" XDG_CONFIG_HOME= XDG_STATE_HOME= \
	XDG_CACHE_HOME= SFFS_CONFIG="$TMP/home/config" "\$@"
END
chmod 755 "$TMP/as"
mkdir "$TMP/home" "$TMP/home/mnt"
cp "$XDG_CONFIG_HOME/sffs/config" "$TMP/home"
chown -R 65534:65534 "$TMP/home"
fs_mount
MINE=$MNT MNT=$TMP/home/mnt
"$TMP/as" "$sffs" sim "$MNT"
pid=$("$TMP/as" "$sffs" status --json sim | jq -r --arg where "$MNT" '.[] | select(.mountpoint == $where).pid')
run 'an ordinary user' 0 "$TMP/as" "$sffs" unmount "$MNT"
ok 'the process of an ordinary user has ended' gone
run 'an ordinary user and the mount of root' 6 "$TMP/as" "$sffs" unmount "$MINE"
like 'it says whose mount it is' "$err" "*mounted by user 0; as that user, or as root: sffs unmount $MINE"
"$TMP/as" "$sffs" sim "$MNT"
run 'root unmounts the mount of an ordinary user' 0 "$sffs" unmount "$MNT"
mkdir -m 755 "$TMP/bin"
cat >"$TMP/bin/fusermount3" <<'END'
#!/bin/sh
echo "fusermount3: failed to unmount $3: Operation not permitted" >&2
exit 1
END
chmod 755 "$TMP/bin/fusermount3"
MNT="$TMP/home/x; touch a busy"
"$TMP/as" mkdir "$MNT"
chmod 711 "$TMP/home"
"$TMP/as" "$sffs" sim "$MNT"
run 'fusermount3 may not' 6 "$TMP/as" env PATH="$TMP/bin:$PATH" "$sffs" unmount "$MNT"
is 'fusermount3 may not: its reason is told' "$err" \
	"sffs: $MNT: fusermount3: failed to unmount $MNT: Operation not permitted"
run 'another user and a name that a shell would take apart' 6 \
	setpriv --reuid 65533 --regid 65533 --clear-groups "$sffs" unmount "$MNT"
like 'the command to copy has it in quotes' "$err" "*as root: sffs unmount '$MNT'"
"$TMP/as" "$sffs" unmount "$MNT"

# A process of another user with the arguments of a mount; the mount itself has died.
MNT=$TMP/home/mnt
"$TMP/as" "$sffs" sim "$MNT"
pid=$(pgrep -f "$sffs sim $MNT\$")
kill -KILL "$pid"
within sh -c "while kill -0 $pid 2>/dev/null; do :; done"
setpriv --reuid 65533 --regid 65533 --clear-groups \
	bash -c 'exec -a sffs python3 -c "import sys; print(0, flush=True); sys.stdin.read()" sim "$1"' sh "$MNT" \
	<"$TMP/in" >"$TMP/out1" & forged=$!
exec 8>"$TMP/in"
read -r line <"$TMP/out1"
is 'status does not take a process of another user for that of the mount' \
	"$("$sffs" status --json sim | jq -r --arg where "$MNT" '.[] | select(.mountpoint == $where).pid')" null
run 'such a process does not keep unmount waiting' 0 "$sffs" unmount "$MNT"
exec 8>&-
wait "$forged"
MNT=$MINE
