#!/bin/bash
# No test is forgotten: each file of tests stands in the BUILD file beside it.
# Nothing else would say that it did not run.
. tests/style/style.sh

check() {
  local file name
  for file in tests/**/*_test.{cc,sh}; do
    name=$(basename "${file%.*}")
    # On a line that does not ask which test it is.
    sed 's/#.*//; / if name /d' "${file%/*}/BUILD" 2>/dev/null |
      grep -qE "\"$name(\.cc|\.sh)?\"" || echo "$file"
  done
}

catches tests/loop/a_test.cc 'TEST(A, B) {}'
catches tests/style/a_test.sh 'true'
allows tests/loop/fixture.h 'class Fixture {};'
check_tree 'Name these tests in the BUILD file beside them:'
