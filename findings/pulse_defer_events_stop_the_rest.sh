#!/bin/sh
# While a defer event of PulseAudio's main loop is enabled, no descriptor and no timer
# is served.
#
# Seen with libpulse 16.1 (libpulse0, libpulse-dev 16.1+dfsg1-2+b1, Debian 12), which
# must be installed, and a C compiler.
#
# The usual guess: mainloop-api.h has defer events "triggered once in every main loop
# iteration", as libuv's idle handles and sources of g_idle_add() are: the loop
# does not sleep, and I/O and timers have their turn in between.
# Seen: an iteration of pa_mainloop with an enabled defer event skips poll(2) and the
# timers. Work in portions from a defer event stops the connection to the server
# until it is over; use a timer that is due at once instead. Each defer event is
# enabled when it is made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -o probe -x c - -lpulse <<'C'
#include <pulse/pulseaudio.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static int defers, reads, timers;

static void on_defer(pa_mainloop_api *api, pa_defer_event *event, void *data) {
  (void)api, (void)event, (void)data;
  ++defers;
}
static void on_readable(pa_mainloop_api *api, pa_io_event *event, int fd,
                        pa_io_event_flags_t flags, void *data) {
  (void)api, (void)event, (void)fd, (void)flags, (void)data;
  ++reads; /* reads nothing, so that it stays readable */
}
static void on_time(pa_mainloop_api *api, pa_time_event *event,
                    const struct timeval *time, void *data) {
  (void)api, (void)event, (void)time, (void)data;
  ++timers;
}

static void iterate(pa_mainloop *loop, const char *name) {
  for (int i = 0; i < 100; ++i) pa_mainloop_iterate(loop, 0, NULL);
  printf("%s: defer event %d, descriptor %d, timer %d\n", name, defers, reads, timers);
}

int main(void) {
  int ends[2];
  struct timeval now;
  pa_mainloop *loop = pa_mainloop_new();
  pa_mainloop_api *api = pa_mainloop_get_api(loop);
  if (pipe(ends) || write(ends[1], "x", 1) != 1) return 1;
  gettimeofday(&now, NULL);
  pa_defer_event *event = api->defer_new(api, on_defer, NULL);
  api->io_new(api, ends[0], PA_IO_EVENT_INPUT, on_readable, NULL);
  api->time_new(api, &now, on_time, NULL);
  printf("libpulse %s, 100 iterations each\n", pa_get_library_version());
  iterate(loop, "enabled");
  int same = defers == 100 && reads == 0 && timers == 0;
  api->defer_enable(event, 0);
  iterate(loop, "then disabled");
  same &= defers == 100 && reads == 100 && timers == 1;
  pa_mainloop_free(loop);
  return !same;
}
C
./probe
