#!/bin/bash
# Each header that a user may include compiles alone, and without a warning.
. tests/style/style.sh
compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || skip "no $compiler here"

headers() { printf '%s\n' {selectors,timers,loop,examples}/**/*.h; }

# tests/support/include stands in for headers of other kernels.
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
