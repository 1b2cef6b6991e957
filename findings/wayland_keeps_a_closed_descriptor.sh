#!/bin/sh
# libwayland's event loop watches a copy of the descriptor it is given: after close()
# the connection stays open, and the function is called with the closed number.
#
# Seen with libwayland-server 1.21.0 (libwayland-server0, libwayland-dev 1.21.0-1,
# Debian 12) on Linux 6.18.
#
# The usual guess: wl_event_loop_add_fd() registers the number with epoll, so that
# close() ends the connection, and the registration with it.
# Seen: the source keeps a dup() of the number, which the header does not say. The
# peer sees no end before wl_event_source_remove(), and can still send. The function
# then gets the original number, which is closed or, worse, another connection by
# now; and as nobody can read the data, it is called again and again. So remove the
# source before close().
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libwayland-server0=1.21.0-1 \
  libwayland-dev=1.21.0-1
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'libwayland-server.so.0')")
cc -Iusr/include -o probe -x c - -x none "$lib/libwayland-server.so.0" <<'C'
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wayland-server-core.h>
#include <wayland-version.h>

static int calls, closed_number;

static int on_readable(int fd, uint32_t mask, void *mine) {
  (void)mask;
  ++calls;
  closed_number += fd == *(int *)mine && fcntl(fd, F_GETFD) == -1 && errno == EBADF;
  return 0;
}

static int sees_end(int fd) {
  struct pollfd end = {.fd = fd, .events = POLLIN};
  return poll(&end, 1, 200) == 1;
}

int main(void) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return 1;
  struct wl_event_loop *loop = wl_event_loop_create();
  struct wl_event_source *source =
      wl_event_loop_add_fd(loop, pair[0], WL_EVENT_READABLE, on_readable, &pair[0]);
  close(pair[0]);
  int end = sees_end(pair[1]);
  int sent = write(pair[1], "x", 1) == 1;
  for (int i = 0; i < 10; ++i) wl_event_loop_dispatch(loop, 0);
  wl_event_source_remove(source);
  int end_after_removal = sees_end(pair[1]);
  printf("libwayland-server %s\n", WAYLAND_VERSION);
  printf("after close(): peer sees the end %d, can send %d\n", end, sent);
  printf("of 10 dispatches %d called the function, %d with the closed number\n", calls,
         closed_number);
  printf("after wl_event_source_remove(): peer sees the end %d\n", end_after_removal);
  wl_event_loop_destroy(loop);
  return !(!end && sent && calls == 10 && closed_number == 10 && end_after_removal);
}
C
LD_LIBRARY_PATH="$lib" ./probe
