#!/bin/bash
# poll() and epoll call a perf event readable once for each new record: the look itself
# takes the answer away, while the records stay unread. Without a ring they say POLLHUP.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12) on Linux 6.18. A C compiler is
# needed, and root, or kernel.perf_event_paranoid of 2 or less.
#
# The usual guess: the descriptor is readable while the ring buffer of perf_event_open(2)
# holds records, as a socket is while it holds data; that a loop may be late, take some
# of the records, or be registered late therefore does not matter.
# Seen: the answer is a note beside the ring that each poll() tears off (perf_poll() in
# the kernel swaps it for 0), edge-triggered without EPOLLET. EPOLL_CTL_ADD looks as well
# and forgets what it saw, so records from before are not told. If a loop stops in
# the middle of the ring, to be fair to others, it sleeps on the rest. Before mmap(), a
# descriptor, of a mere counter for instance, is POLLHUP each time, and a loop spins.
# Read the ring after EPOLL_CTL_ADD, and each time until data_head is reached.
#
# Output:
#   without a ring:     poll POLLHUP, POLLHUP
#   2 unread records:   poll POLLIN, nothing
#   3 unread records:   EPOLL_CTL_ADD, epoll_wait nothing
#   4 unread records:   epoll_wait EPOLLIN, nothing
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -o probe -x c - <<'C'
#include <linux/perf_event.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static struct perf_event_mmap_page *ring;
static volatile char *memory;

/* Touches a new page, which makes a record of a page fault. */
static void record(void) {
  *memory = 1;
  memory += getpagesize();
}

static const char *polled(int fd) {
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  poll(&entry, 1, 0);
  return entry.revents == POLLIN    ? "POLLIN"
         : entry.revents == POLLHUP ? "POLLHUP"
         : entry.revents            ? "another"
                                    : "nothing";
}

static const char *waited(int epoll) {
  struct epoll_event event = {0};
  return epoll_wait(epoll, &event, 1, 100) == 0 ? "nothing"
         : event.events == EPOLLIN              ? "EPOLLIN"
                                                : "another";
}

static int unread(void) {  /* A record has its header, 8 bytes, and the address. */
  return (int)((ring->data_head - ring->data_tail) / 16);
}

int main(void) {
  struct utsname system;
  uname(&system);
  printf("Linux %s\n", system.release);
  long page = getpagesize();
  memory = mmap(NULL, 10 * page, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct perf_event_attr options = {.type = PERF_TYPE_SOFTWARE,
                                    .size = sizeof options,
                                    .config = PERF_COUNT_SW_PAGE_FAULTS_MIN,
                                    .sample_period = 1,
                                    .sample_type = PERF_SAMPLE_IP,
                                    .wakeup_events = 1,
                                    .exclude_kernel = 1,
                                    .disabled = 0};
  int fd = (int)syscall(SYS_perf_event_open, &options, 0, -1, -1, 0);
  if (fd < 0) {
    perror("perf_event_open");
    return 2;
  }
  const char *first = polled(fd), *second = polled(fd);
  printf("without a ring:     poll %s, %s\n", first, second);
  int same = !strcmp(first, "POLLHUP") && !strcmp(second, "POLLHUP");

  /* Each function has been called once, and makes no page fault of its own below. */
  int epoll = epoll_create1(0);
  waited(epoll);
  ring = mmap(NULL, 9 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ring == MAP_FAILED) return 2;
  record();
  record();
  first = polled(fd);
  second = polled(fd);
  int number = unread();
  record();
  struct epoll_event event = {.events = EPOLLIN};
  int added = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  const char *third = waited(epoll);
  int later = unread();
  record();
  const char *fourth = waited(epoll), *fifth = waited(epoll);
  int last = unread();
  printf("%d unread records:   poll %s, %s\n", number, first, second);
  printf("%d unread records:   EPOLL_CTL_ADD, epoll_wait %s\n", later, third);
  printf("%d unread records:   epoll_wait %s, %s\n", last, fourth, fifth);
  return !(same && added == 0 && number == 2 && later == 3 && last == 4 &&
           !strcmp(first, "POLLIN") && !strcmp(second, "nothing") &&
           !strcmp(third, "nothing") && !strcmp(fourth, "EPOLLIN") &&
           !strcmp(fifth, "nothing"));
}
C
./probe || {
  status=$?
  [ $status = 2 ] || echo "The behaviour has changed"
  exit $status
}
