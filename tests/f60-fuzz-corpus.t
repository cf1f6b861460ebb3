#!/bin/sh
# What fuzzing began with, and what it found: no input breaks anything. `make fuzz` looks for more.
. "${0%/*}/lib.sh"
set -- "$TOP"/tests/fuzz/corpus/*/
plan $#
for dir; do
	name=$(basename "$dir")
	ok "$name: $(ls "$dir" | wc -l) inputs" sh -c '"$1" "$2"/* 2>/dev/null' - "$BUILD/fuzz/$name" "$dir"
done
