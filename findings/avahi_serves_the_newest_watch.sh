#!/bin/sh
# AvahiSimplePoll serves one watch per iteration, the newest that is ready: while it
# stays ready, older watches are never called. A timeout that is due goes before all.
#
# Seen with libavahi-common 0.8 (libavahi-common3, libavahi-common-dev
# 0.8-10+deb12u1, Debian 12).
#
# The usual guess: an iteration calls all watches that poll(2) reported, or one of
# them in turn, as other loops do; simple-watch.h says nothing of an order.
# Seen: the list is walked from its head, where new watches are put, and the walk
# ends at the first call. So a busy socket that was added last takes all turns, and
# a timeout that is set to 0 again in its function stops the sockets altogether.
# Read until EAGAIN in the function, and repeat work with a delay above 0.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=0.8-10+deb12u1
apt-get -q=2 -o APT::Sandbox::User=root download libavahi-common3=$version \
  libavahi-common-dev=$version
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'libavahi-common.so.3')")
cc -Iusr/include -o probe -x c - -x none "$lib/libavahi-common.so.3" <<'C'
#include <avahi-common/simple-watch.h>
#include <avahi-common/timeval.h>
#include <stdio.h>
#include <unistd.h>

static const AvahiPoll *api;
static int older, newer, timeouts;

static void on_readable(AvahiWatch *watch, int fd, AvahiWatchEvent event, void *count) {
  (void)watch, (void)fd, (void)event;
  ++*(int *)count; /* reads nothing, as if more came each time */
}

static void on_timeout(AvahiTimeout *timeout, void *data) {
  (void)data;
  struct timeval now;
  ++timeouts;
  api->timeout_update(timeout, avahi_elapse_time(&now, 0, 0));
}

static int iterate(AvahiSimplePoll *poll, const char *name) {
  older = newer = timeouts = 0;
  for (int i = 0; i < 100; ++i) avahi_simple_poll_iterate(poll, 0);
  printf("%s: older watch %d, newer watch %d, timeout %d\n", name, older, newer, timeouts);
  return older;
}

int main(void) {
  int first[2], second[2];
  if (pipe(first) || pipe(second)) return 1;
  if (write(first[1], "x", 1) != 1 || write(second[1], "x", 1) != 1) return 1;
  AvahiSimplePoll *poll = avahi_simple_poll_new();
  struct timeval now;
  api = avahi_simple_poll_get(poll);
  api->watch_new(api, first[0], AVAHI_WATCH_IN, on_readable, &older);
  int same = iterate(poll, "one") == 100;
  api->watch_new(api, second[0], AVAHI_WATCH_IN, on_readable, &newer);
  same &= iterate(poll, "two") == 0 && newer == 100;
  api->timeout_new(api, avahi_elapse_time(&now, 0, 0), on_timeout, NULL);
  same &= iterate(poll, "two and a timeout") == 0 && newer == 0 && timeouts == 100;
  avahi_simple_poll_free(poll);
  return !same;
}
C
echo "libavahi-common $version"
LD_LIBRARY_PATH="$lib" ./probe
