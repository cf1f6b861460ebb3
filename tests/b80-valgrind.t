#!/bin/sh
# Valgrind finds no invalid access and no leak in a whole mount.
. "${0%/*}/lib.sh"; plan 3
case $BUILD in
*asan|*tsan|*valgrind) for i in 1 2 3; do ok 'valgrind is left out: the sanitizer looks for the same' true; done; \
	exit ;;
esac
data=$TMP/data
mkdir "$data"
cp /usr/share/distro-info/*.csv "$data"
org_start --data "$data"
mkfifo "$TMP/ready"
# Landlock is unknown to this valgrind.
valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --log-file="$TMP/valgrind" \
	"$BUILD/sffs" -f -o confine=no sim "$MNT" 2>"$TMP/ready" & FS_PID=$!
sed -n '/is mounted on/q' <"$TMP/ready"
ok 'under valgrind every file can be read' \
	sh -c "find -L '$MNT/documents' -type f -exec cat {} + | wc -c | grep -qv '^0$'"
fs_unmount
wait $FS_PID
is 'under valgrind sffs exits 0' "$?" 0
is 'valgrind finds nothing' "$(grep -v '^==[0-9]*== *$' "$TMP/valgrind")" ''
FS_PID=
