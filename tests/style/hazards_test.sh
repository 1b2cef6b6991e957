#!/bin/bash
# Hazard numbers: each R-number in a test has a row in tests/HAZARDS.md, and each
# row has a test.
. tests/style/style.sh

numbers_in_tests() {
  cat tests/**/*.{h,cc} /dev/null | grep -oP '\bR\d{2,3}(?=_|\b)' | sort -u
}

numbers_in_table() {
  cat tests/HAZARDS.md 2>/dev/null | grep -oP '^\| \KR\d+' | sort
}

check() {
  comm -3 <(numbers_in_tests) <(numbers_in_table) |
    sed -E 's/^\t(.*)/\1 has a row and no test/; t; s/$/ has a test and no row/'
}

catches tests/a_test.cc 'TEST(A, R01_B) {}'
catches tests/HAZARDS.md '| R01 | A fault. | a project |'
allows tests/a_test.cc 'TEST(A, B) {}'
check_tree 'Mend tests/HAZARDS.md:'
