#!/bin/sh
# With a random fault in each of READS downloads no reader gets wrong bytes to a clean end, and every read ends.
. "${0%/*}/lib.sh"; plan 2
READS=${READS:-40}
export MNT ORG_URL READS
mkdir "$TMP/data"
python3 -c '
import os, random, sys
for i in range(int(sys.argv[2])):
    with open(f"{sys.argv[1]}/d{i:04}.bin", "wb") as f:
        f.write(os.urandom(random.choice((1, 2000, 131071, 131072, 131073, 300000, 900000))))' "$TMP/data" "$READS"
org_start --data "$TMP/data"
fs_mount -o tries=3,timeout=2,refresh=3600,transfers=12
python3 "$TOP/tests/f80-corrupt-downloads.py"
failed=$? number=$planned
