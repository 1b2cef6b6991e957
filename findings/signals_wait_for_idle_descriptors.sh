#!/bin/bash
# pselect(), ppoll() and epoll_pwait() run no handler of the signals that they unblock
# while a descriptor is ready; epoll_pwait() with time-out 0 never does.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12) on Linux 6.18. No more than
# a C compiler is needed.
#
# The usual guess: a program blocks SIGTERM, and each wait unblocks it, so a SIGTERM
# that is pending when the wait begins is handled within that call. select(2) has
# pselect() "equivalent to atomically executing" pthread_sigmask(), select() and
# pthread_sigmask(), of which the first would run the handler.
# Seen: the kernel looks at the descriptors first. If one is ready, it restores the
# mask and returns, and the signal stays pending. Only a call that finds none, and would
# sleep, delivers it. With time-out 0, pselect() and ppoll() deliver it in that case,
# and epoll_pwait() returns 0 even then. So a server that always has work never
# ends on SIGTERM. Watch a signalfd or a pipe that the handler writes to, with the
# signal unblocked.
#
# Output:
#   Linux 6.18: handlers that ran in 1000 calls, with SIGTERM pending
#   a descriptor is ready: pselect 0, ppoll 0, epoll_pwait 0
#   none is, time-out 0:   pselect 1, ppoll 1, epoll_pwait 0
#   none is, 1 ms:         epoll_pwait 1
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -o probe -x c - <<'C'
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int descriptors[2], epoll_set;
static volatile sig_atomic_t handled;
static sigset_t none, term;

static void on_signal(int number) {
  (void)number;
  ++handled;
}

static void with_pselect(int milliseconds) {
  struct timespec time = {0, milliseconds * 1000000};
  fd_set set;
  FD_ZERO(&set);
  FD_SET(descriptors[0], &set);
  pselect(descriptors[0] + 1, &set, NULL, NULL, &time, &none);
}

static void with_ppoll(int milliseconds) {
  struct timespec time = {0, milliseconds * 1000000};
  struct pollfd entry = {.fd = descriptors[0], .events = POLLIN};
  ppoll(&entry, 1, &time, &none);
}

static void with_epoll_pwait(int milliseconds) {
  struct epoll_event event;
  epoll_pwait(epoll_set, &event, 1, milliseconds, &none);
}

/* Returns the number of handlers that ran in 1000 calls, with one signal pending. */
static int handlers(void wait(int), int milliseconds) {
  raise(SIGTERM);
  handled = 0;
  for (int i = 0; i < 1000; ++i) wait(milliseconds);
  int result = handled;
  sigprocmask(SIG_SETMASK, &none, NULL); /* takes one that is still pending */
  sigprocmask(SIG_SETMASK, &term, NULL);
  return result;
}

int main(void) {
  struct utsname system;
  uname(&system);
  signal(SIGTERM, on_signal);
  sigemptyset(&none);
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_SETMASK, &term, NULL);
  epoll_set = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  if (pipe(descriptors) || epoll_ctl(epoll_set, EPOLL_CTL_ADD, descriptors[0], &event))
    return 2;

  char byte = 'x';
  if (write(descriptors[1], &byte, 1) != 1) return 2;
  int ready[] = {handlers(with_pselect, 1), handlers(with_ppoll, 1),
                 handlers(with_epoll_pwait, 1)};
  if (read(descriptors[0], &byte, 1) != 1) return 2;
  int idle[] = {handlers(with_pselect, 0), handlers(with_ppoll, 0),
                handlers(with_epoll_pwait, 0)};
  int one_ms = handlers(with_epoll_pwait, 1);
  printf("Linux %s: handlers that ran in 1000 calls, with SIGTERM pending\n",
         system.release);
  printf("a descriptor is ready: pselect %d, ppoll %d, epoll_pwait %d\n", ready[0],
         ready[1], ready[2]);
  printf("none is, time-out 0:   pselect %d, ppoll %d, epoll_pwait %d\n", idle[0],
         idle[1], idle[2]);
  printf("none is, 1 ms:         epoll_pwait %d\n", one_ms);
  return !(ready[0] == 0 && ready[1] == 0 && ready[2] == 0 && idle[0] == 1 &&
           idle[1] == 1 && idle[2] == 0 && one_ms == 1);
}
C
./probe || { echo "The behaviour has changed"; exit 1; }
