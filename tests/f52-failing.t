#!/bin/sh
# Memory, descriptors, threads and mappings fail at random. A start mounts or says why not. A mount goes on and gives no
# wrong byte. Afterwards all is well.
. "${0%/*}/lib.sh"; plan 5
case $BUILD in *asan|*tsan) for i in 1 2 3 4 5; do ok 'a sanitizer has a malloc of its own' true; done; exit ;; esac
export TMP BUILD MNT
mkdir "$TMP/data"
gcc -shared -fPIC -O1 -D_GNU_SOURCE -o "$TMP/failing.so" "$TOP/tests/failing.c" || exit 1
ORG_URL=none python3 "$TOP/tests/f52-failing.py" make
org_start --data "$TMP/data"
export ORG_URL
python3 "$TOP/tests/f52-failing.py"
failed=$? number=$planned
