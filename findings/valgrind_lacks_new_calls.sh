#!/bin/sh
# Under valgrind 3.19, epoll_pwait2() and pidfd_open() say ENOSYS on a kernel that
# has them, so that a program takes another path than the one to be measured.
#
# Seen with valgrind 3.19.0 (1:3.19.0-1, Debian 12) on Linux 6.18; needs the
# packages valgrind and gcc.
#
# The usual guess: callgrind counts the instructions of the program that runs
# without it; a program that asks once at its start and falls back to epoll_wait()
# with milliseconds does so only on old kernels.
# Seen: calls that valgrind does not know fail with ENOSYS, also pidfd_open() of
# Linux 5.3, and only warnings on stderr tell of it. close_range() of Linux 5.9 is
# passed on. So look for "unhandled amd64-linux syscall" before you trust a count.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -o probe -x c - <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <unistd.h>

static void print(const char *name, int result) {
  printf("%s: %s\n", name, result < 0 ? strerror(errno) : "works");
}

int main(void) {
  struct epoll_event event;
  struct timespec now = {0, 0};
  print("epoll_pwait2", epoll_pwait2(epoll_create1(0), &event, 1, &now, NULL));
  print("pidfd_open", pidfd_open(getpid(), 0));
  print("close_range", close_range(500, 600, 0));
  return 0;
}
C
valgrind --version
./probe > alone
valgrind -q --tool=none ./probe > traced 2> warnings
echo "alone:"
cat alone
echo "under valgrind -q, which prints $(wc -l < warnings) lines of warnings:"
cat traced
test "$(grep -c works alone)" = 3
test "$(grep -c 'not implemented' traced)" = 2
