#!/bin/sh
# sd_event_add_io() refuses a second source for a descriptor with -EEXIST; if the
# first one is off, it accepts it, and switching the first on again fails.
#
# Seen with libsystemd 252 (libsystemd0, libsystemd-dev 252.39-1~deb12u2, Debian 12).
#
# The usual guess: one source for reading and one for writing, as with GLib, libev,
# libevent and asyncio; sd_event_add_io(3) names no such limit and no EEXIST.
# Seen: a source is an entry of epoll, and epoll takes a number once. So a socket
# needs one source whose mask is changed with sd_event_source_set_io_events(), or
# a dup() of the number. A writer that was added while the reader was paused
# works until the reader is resumed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libsystemd0=252.39-1~deb12u2 \
  libsystemd-dev=252.39-1~deb12u2
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find "$dir" -name 'libsystemd.so.0')")
cc -Iusr/include -o probe -x c - -x none "$lib/libsystemd.so.0" <<'C'
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

static int ready(sd_event_source *source, int fd, uint32_t events, void *data) {
  (void)source, (void)fd, (void)events, (void)data;
  return 0;
}

int main(void) {
  int pair[2];
  sd_event *event;
  sd_event_source *reader, *writer;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || sd_event_new(&event) < 0) return 2;
  int first = sd_event_add_io(event, &reader, pair[0], EPOLLIN, ready, NULL);
  int second = sd_event_add_io(event, &writer, pair[0], EPOLLOUT, ready, NULL);
  sd_event_source_set_enabled(reader, SD_EVENT_OFF);
  int paused = sd_event_add_io(event, &writer, pair[0], EPOLLOUT, ready, NULL);
  int resumed = sd_event_source_set_enabled(reader, SD_EVENT_ON);
  printf("libsystemd 252: reader: %s; writer: %s\n", strerror(-first), strerror(-second));
  printf("while the reader is off, writer: %s; reader on again: %s\n", strerror(-paused),
         strerror(-resumed));
  return !(first >= 0 && second == -EEXIST && paused >= 0 && resumed == -EEXIST);
}
C
LD_LIBRARY_PATH="$lib" ./probe
