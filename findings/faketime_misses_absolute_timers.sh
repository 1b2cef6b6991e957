#!/bin/bash
# Under faketime, an absolute timerfd of CLOCK_MONOTONIC expires after half a century, or
# at once with --exclude-monotonic, and epoll_pwait2() waits in real time.
#
# Seen with libfaketime 0.9.10 (libfaketime 0.9.10-2.1, Debian 12) and glibc 2.36 (libc6
# 2.36-9+deb12u14) on Linux 6.18. A C compiler is needed.
#
# The usual guess: faketime(1) fakes the clocks, CLOCK_MONOTONIC among them, and scales
# the waits, so that a test of an event loop runs an hour ahead, or twice as fast.
# Seen: the faked CLOCK_MONOTONIC is the Unix time, and timerfd_settime() translates each
# absolute time as one of CLOCK_REALTIME, since it does not know the timer's clock. The
# kernel's CLOCK_MONOTONIC, which counts from the boot, reaches that in decades. With
# --exclude-monotonic the offset is taken off a time that it was never added to.
# epoll_pwait2() is not replaced, and lasts twice as long as it should at twice the speed.
# So the same program runs with a loop that waits in poll() or epoll_wait(), and sleeps
# on with one that sets a timerfd to its next deadline, as sd-event does.
# (FAKETIME_DONT_FAKE_MONOTONIC=1 is --exclude-monotonic.)
#
# Output, one hour ahead, after a wait of at most 1 s:
#   0.1 s, CLOCK_REALTIME, absolute:   expired
#   0.1 s, CLOCK_MONOTONIC, relative:  expired
#   0.1 s, CLOCK_MONOTONIC, absolute:  more than 10 years left
#   100 s, --exclude-monotonic:        expired
# Output, twice as fast, faked time that a time-out of 1 s takes:
#   epoll_wait():   about 1 s
#   epoll_pwait2(): about 2 s
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libfaketime=0.9.10-2.1 ||
  { echo "libfaketime 0.9.10-2.1 cannot be downloaded"; exit 2; }
dpkg -x libfaketime_*.deb .
cc -o probe -x c - <<'C'
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

/* Starts a timer, prints its state after at most 1 s, and returns whether it expired, or
   -1 if neither that nor years are left. */
static int expires(const char *name, clockid_t clock, int flags, double seconds) {
  struct timespec start = {0};
  if (flags) clock_gettime(clock, &start);
  double end = (double)start.tv_sec + (double)start.tv_nsec / 1e9 + seconds;
  struct itimerspec value = {.it_value.tv_sec = (time_t)end}, left;
  value.it_value.tv_nsec = (long)((end - (double)value.it_value.tv_sec) * 1e9);
  int fd = timerfd_create(clock, TFD_NONBLOCK);
  timerfd_settime(fd, flags, &value, NULL);
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  int expired = poll(&entry, 1, 1000) == 1;
  timerfd_gettime(fd, &left);
  int years = left.it_value.tv_sec > 10L * 365 * 24 * 3600;
  printf("%-34s %s\n", name,
         expired ? "expired" : years ? "more than 10 years left" : "less left");
  return expired ? 1 : years ? 0 : -1;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  int absolute = TFD_TIMER_ABSTIME, monotonic = CLOCK_MONOTONIC;
  if (!strcmp(argv[1], "ahead"))
    return expires("0.1 s, CLOCK_REALTIME, absolute:", CLOCK_REALTIME, absolute,
                   0.1) != 1 ||
           expires("0.1 s, CLOCK_MONOTONIC, relative:", monotonic, 0, 0.1) != 1 ||
           expires("0.1 s, CLOCK_MONOTONIC, absolute:", monotonic, absolute, 0.1) != 0;
  if (!strcmp(argv[1], "exclude"))
    return expires("100 s, --exclude-monotonic:", monotonic, absolute, 100) != 1;
  int epoll = epoll_create1(0);
  struct epoll_event event;
  struct timespec second = {.tv_sec = 1};
  double start = now();
  epoll_wait(epoll, &event, 1, 1000);
  double middle = now();
  epoll_pwait2(epoll, &event, 1, &second, NULL);
  double end = now();
  printf("epoll_wait():   about %.0f s\nepoll_pwait2(): about %.0f s\n", middle - start,
         end - middle);
  return !(middle - start < 1.5 && end - middle >= 1.9);
}
C
faked() {
  timeout 60 env LD_PRELOAD="$(echo "$dir"/usr/lib/*/faketime/libfaketime.so.1)" "$@" ||
    { echo "The behaviour has changed"; exit 1; }
}
echo "libfaketime 0.9.10, Linux $(uname -r)"
faked FAKETIME=+1h ./probe ahead
faked FAKETIME=+1h FAKETIME_DONT_FAKE_MONOTONIC=1 ./probe exclude
faked FAKETIME="+0 x2" ./probe fast
