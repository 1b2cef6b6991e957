#!/bin/bash
# Each header that a user may include compiles alone, and without a warning.
#
# The first #include of a file sees nothing that came before it, so it compiles
# alone if that file compiles, be it a .cc file, by the build, or another header.
# A header of nothing but #includes compiles if these do. All others are compiled
# here.
. tests/style/style.sh
compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || skip "no $compiler here"

# Prints the headers that have a line of code, and that no file includes first.
headers() {
  comm -23 \
    <(grep -lE '^[^#/]' {selectors,timers,loop,examples}/**/*.h | sort) \
    <(awk 'FNR == 1 { seen = 0 }
           /^ *#include/ && !seen++ { gsub(/"/, "", $2); print $2 }' \
        {selectors,timers,loop,examples}/**/*.{h,cc} | sort -u)
}

# tests/support/include stands in for headers of other kernels. With
# --config=strict, which sets STRICT, a warning is an error.
check() {
  headers | xargs -r -n 1 -P "$(nproc)" sh -c '
      "$0" -std=c++20 -fsyntax-only -Wall -Wextra ${STRICT:+-Werror} -x c++ \
        -iquote . -idirafter tests/support/include -include "$1" /dev/null 2>&1 |
        grep -A 5 " error: "' "$compiler"
}

catches selectors/a.h 'inline std::string f() { return {}; }'
catches loop/a.h '#include "loop/no_such_header.h"
inline void f() {}'
STRICT=1 catches timers/a.h 'inline void f(int unused) {}'
allows selectors/a.h '#include <string>
inline std::string f() { return {}; }'

# That takes a while, so what passed once does not run again. The note of it
# stands in Bazel's output base, and goes with it.
note=${TEST_TMPDIR%%/execroot/*}/headers_test.passed
state=$("$compiler" --version; declare -f check; cd "$tree" && headers &&
        sha256sum {selectors,timers,loop,examples}/**/*.h \
          tests/support/include/**/*.h; echo "${STRICT-}")
[[ -e $note && $(<"$note") == "$state" ]] && exit $failed
trap '(( $? )) || echo "$state" > "$note"' EXIT
check_tree 'These headers do not compile alone:'
