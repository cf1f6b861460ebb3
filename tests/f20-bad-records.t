#!/bin/sh
# Pages of records as they should not be: what cannot be served is left out, with one line, and the rest is served.
. "${0%/*}/lib.sh"; plan 21
export TMP BUILD
python3 "$TOP/tests/f20-bad-records.py"
failed=$? number=$planned
