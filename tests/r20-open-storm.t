#!/bin/sh
# Threads that open and read one small file all the time stop nobody: an open never blocks a thread that serves reads.
. "${0%/*}/lib.sh"; plan 4
mkdir "$TMP/data"
printf 'a,b\n1,2\n' >"$TMP/data/Table.csv"
org_start --data "$TMP/data"
fs_mount
cat >"$TMP/storm.py" <<'END'
import sys, threading
def storm():
    for _ in range(int(sys.argv[2])):
        with open(sys.argv[1], 'rb', buffering=0) as f:
            while f.read(65536):
                pass
threads = [threading.Thread(target=storm) for _ in range(60)]
for t in threads:
    t.start()
for t in threads:
    t.join()
END
for file in .sffs/status.json .sffs/MD5SUMS parsed/Table/rows.tsv; do
	ok "60 threads open and read $file 100 times" timeout -s KILL 600 python3 "$TMP/storm.py" "$MNT/$file" 100
done
ok 'ls works after the storm' timeout -s KILL 120 ls -l "$MNT/documents/Table"
