#!/bin/sh
# A record that cannot be served is left out, with one line in the log; the rest of its page is served.
. "${0%/*}/lib.sh"; plan 22
export TMP BUILD
python3 "$TOP/tests/f20-bad-records.py"
failed=$? number=$planned
