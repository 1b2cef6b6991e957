#!/bin/bash
# valgrind reports nothing about a program of callbacks and coroutines. Of use in
# optimized builds, where g++ may read a value before the flag that says whether
# it is initialized.
set -u
program=tests/loop/valgrind_main

skip() {
  echo "SKIPPED: $1"
  exit 0
}

command -v valgrind >/dev/null ||
  skip 'no valgrind here (Debian: valgrind, libc6-dbg)'
valgrind -q --error-exitcode=1 true >/dev/null 2>&1 ||
  skip 'valgrind does not run here'

expected='timer post read signal 
0123456789
timeout
42'
output=$(valgrind -q --error-exitcode=9 --leak-check=full \
  --errors-for-leak-kinds=definite "$program" 2> "$TEST_TMPDIR/report")
status=$?
if (( status )) || [[ $output != "$expected" ]]; then
  echo "exit status $status, output:"
  diff <(echo "$expected") <(echo "$output")
  cat "$TEST_TMPDIR/report"
  exit 1
fi
