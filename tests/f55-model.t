#!/bin/sh
# After random changes, faults and kills, each refresh shows the same tree as a model of the org. STEPS is the number of
# steps; make soak makes 300 with each of 20 seeds.
. "${0%/*}/lib.sh"; plan 1
export BUILD TMP MNT
mkdir "$TMP/data"
org_start --data "$TMP/data"
export ORG_URL
python3 "$TOP/tests/f55-model.py"
failed=$? number=$planned
