#!/bin/sh
# A g_io_add_watch() for G_IO_IN is not called when the writer of a pipe has gone,
# and the main loop polls again and again without a pause.
#
# Seen with GLib 2.74.6 (libglib2.0-0, libglib2.0-dev 2.74.6-2+deb12u9, Debian 12).
#
# The usual guess: the end of file is something to read, as it is for select(),
# asyncio, libuv and libev, or the watch stays silent; g_unix_fd_add() of the same
# library calls its function.
# Seen: Linux answers poll() on such a pipe with POLLHUP alone, always at once. The
# watch compares it with G_IO_IN and finds nothing to dispatch. With data left in
# the pipe all is well until they are read; a socket, which adds POLLIN, is well.
# A watch needs G_IO_IN | G_IO_HUP.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=2.74.6-2+deb12u9
apt-get -q=2 -o APT::Sandbox::User=root download libglib2.0-0=$version \
  libglib2.0-dev=$version
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'libglib-2.0.so.0')")
cc -Iusr/include/glib-2.0 -I"$lib/glib-2.0/include" -o probe -x c - -x none \
  "$lib/libglib-2.0.so.0" <<'C'
#include <glib-unix.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int polls, calls;

static gint count(GPollFD *fds, guint size, gint timeout) {
  ++polls;
  return g_poll(fds, size, timeout);
}

static gboolean on_channel(GIOChannel *channel, GIOCondition is, gpointer data) {
  (void)channel, (void)is, (void)data;
  return ++calls != 0;
}

static gboolean on_fd(gint fd, GIOCondition is, gpointer data) {
  (void)fd, (void)is, (void)data;
  return ++calls != 0;
}

static gboolean silent(const char *name, guint source) {
  polls = calls = 0;
  for (int i = 0; i < 1000; ++i) g_main_context_iteration(NULL, TRUE);
  g_source_remove(source);
  printf("%s: polled %d times, called %d times\n", name, polls, calls);
  return polls == 1000 && calls == 0;
}

int main(void) {
  int ends[2], pair[2];
  if (pipe(ends) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return 1;
  close(ends[1]);
  close(pair[1]);
  g_main_context_set_poll_func(NULL, count);
  printf("GLib %u.%u.%u\n", glib_major_version, glib_minor_version, glib_micro_version);
  GIOChannel *channel = g_io_channel_unix_new(ends[0]);
  GIOChannel *socket = g_io_channel_unix_new(pair[0]);
  gboolean same = silent("g_io_add_watch(), pipe",
                         g_io_add_watch(channel, G_IO_IN, on_channel, NULL));
  same &= !silent("g_io_add_watch(), pipe, also G_IO_HUP",
                  g_io_add_watch(channel, G_IO_IN | G_IO_HUP, on_channel, NULL));
  same &= !silent("g_io_add_watch(), socket",
                  g_io_add_watch(socket, G_IO_IN, on_channel, NULL));
  same &= !silent("g_unix_fd_add(), pipe", g_unix_fd_add(ends[0], G_IO_IN, on_fd, NULL));
  return !same;
}
C
LD_LIBRARY_PATH="$lib" ./probe
