#!/bin/sh
# Two mounts share a cache. SIGSTOP stops one of them at random moments, and the other one goes on. ROUNDS is the number
# of stops; make soak makes 200.
. "${0%/*}/lib.sh"; plan 1
export TMP BUILD MNT ORG_URL
mkdir "$TMP/data"
python3 -c '
import os, random, sys
for i in range(200):
    with open(f"{sys.argv[1]}/d{i:03}.bin", "wb") as f:
        f.write(os.urandom(random.choice((10, 5000, 200000, 600000))))' "$TMP/data"
org_start --data "$TMP/data" --page-size 25
python3 "$TOP/tests/f75-stopped-mount.py"
failed=$? number=$planned
