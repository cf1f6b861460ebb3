#!/bin/sh
# No input of the fuzzing corpus breaks anything. `make fuzz` looks for more.
. "${0%/*}/lib.sh"
set -- "$TOP"/tests/fuzz/corpus/*/
plan $#
for dir; do
	name=$(basename "$dir")
	ok "$name: $(ls "$dir" | wc -l) inputs" sh -c '"$1" "$2"/* 2>/dev/null' - "$BUILD/fuzz/$name" "$dir"
done
