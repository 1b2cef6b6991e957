#!/bin/bash
# Each header stands alone: it includes what it uses, and warns about nothing.
. tests/style/style.sh
compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || skip "no $compiler here"

# tests/support/include stands in for headers of other kernels.
headers() {
  local header
  for header in {selectors,timers,loop,tests/support}/**/*.h; do
    [[ $header == tests/support/include/* ]] || echo "$header"
  done
}

check() {
  headers | xargs -r -n 1 -P "$(nproc)" sh -c '
      "$0" -std=c++20 -fsyntax-only -Wall -Wextra -Werror -x c++ -iquote . \
        -idirafter tests/support/include -include "$1" /dev/null 2>&1' \
      "$compiler"
}

catches selectors/a.h 'inline std::string f() { return {}; }'
catches loop/a.h '#include "loop/no_such_header.h"'
catches timers/a.h 'inline void f(int unused) {}'
allows selectors/a.h '#include <string>
inline std::string f() { return {}; }'

# That takes a while, so what passed once does not run again. The note of it
# stands in Bazel's output base, and goes with it.
note=${TEST_TMPDIR%%/execroot/*}/headers_test.passed
state=$("$compiler" --version; declare -f check; cd "$tree" &&
        sha256sum $(headers) tests/support/include/**/*.h)
[[ -e $note && $(<"$note") == "$state" ]] && exit $failed
trap '(( $? )) || echo "$state" > "$note"' EXIT
check_tree 'These headers do not compile alone:'
