#!/bin/sh
# Under many readers, new versions, faults, a small cache and interrupts nobody reads wrong bytes, and everything ends.
. "${0%/*}/lib.sh"
[ "${STRESS_SECONDS%.*}" -ge 120 ] 2>/dev/null && plan 7 || plan 6
export TMP BUILD MNT
mkdir "$TMP/data"
ORG_URL=none python3 "$TOP/tests/f50-stress.py" make
org_start --data "$TMP/data"
export ORG_URL
python3 "$TOP/tests/f50-stress.py"
failed=$? number=$planned
