#!/bin/sh
# work.sh IN OUT [WORD]: copies a file, with a word behind it if there is one, and notes that it ran.
echo "$1" >> ran
cat "$1" > "$2"
if [ -n "$3" ]; then echo "$3" >> "$2"; fi
