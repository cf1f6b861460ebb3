#!/bin/sh
# After kill -9 at random moments nothing is lost and nothing is wrong. ROUNDS is the number of kills; make soak does
# 200.
. "${0%/*}/lib.sh"; plan 1
export TMP BUILD MNT ORG_URL
mkdir "$TMP/data"
python3 -c '
import os, random, sys
for i in range(300):
    with open(f"{sys.argv[1]}/d{i:03}.bin", "wb") as f:
        f.write(os.urandom(random.choice((10, 5000, 200000, 600000))))' "$TMP/data"
org_start --data "$TMP/data" --page-size 25
python3 "$TOP/tests/f70-kill-9.py" 300
failed=$? number=$planned
