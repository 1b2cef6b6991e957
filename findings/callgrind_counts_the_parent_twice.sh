#!/bin/sh
# callgrind's file of a forked child also holds all that the parent did before
# fork().
#
# Seen with valgrind 3.19.0 (1:3.19.0-1, Debian 12); needs the package valgrind
# and a C compiler.
#
# The usual guess: with --callgrind-out-file=out.%p each file holds the costs of
# its own process, and their sum is the whole.
# Seen: the counters are memory, which fork() copies. A child that does nothing
# but _exit() is reported with the parent's million iterations, under the names of
# the parent's functions; the sum counts them once per process.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -O1 -o probe -x c - <<'C'
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline)) static void work(void) {
  for (volatile int i = 0; i < 1000000; ++i) continue;
}

int main(void) {
  work();
  if (!fork()) _exit(0);
  wait(NULL);
}
C
valgrind --version
valgrind -q --tool=callgrind --callgrind-out-file=out.%p ./probe
for file in out.*; do sed -n 's/^summary: /instructions: /p' "$file"; done
test "$(sed -n 's/^summary: //p' out.* | awk '$1 > 1000000' | wc -l)" = 2
