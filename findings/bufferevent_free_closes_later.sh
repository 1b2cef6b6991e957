#!/bin/sh
# bufferevent_free() of a socket with BEV_OPT_CLOSE_ON_FREE does not close it: the
# event loop does in its next iteration, if there is one.
#
# Seen with libevent 2.1.12 (libevent-2.1-7, libevent-dev 2.1.12-stable-8+deb12u1,
# Debian 12).
#
# The usual guess: the option's comment, "If set, we close the underlying file
# descriptor/bufferevent/whatever when this bufferevent is freed": after the call
# the number is free, and the peer has the end of file.
# Seen: the free is a callback in the queue of the loop, so the number is not free
# for another connection within the callback that called it. If the loop ends
# (event_base_loopbreak() in a callback that also frees), the connection stays open
# and the peer waits until event_base_free().
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download \
  libevent-2.1-7=2.1.12-stable-8+deb12u1 libevent-dev=2.1.12-stable-8+deb12u1
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'libevent-2.1.so.7')")
cc -Iusr/include -o probe -x c - -x none "$lib/libevent-2.1.so.7" <<'C'
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

static struct event_base *base;
static int ends[2];

static int open_for_the_peer(const char *when) {
  struct pollfd peer = {.fd = ends[1], .events = POLLIN};
  int open = poll(&peer, 1, 0) == 0;
  printf("%s: %s\n", when, open ? "open" : "closed");
  return open;
}

static struct bufferevent *connection(void) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return NULL;
  return bufferevent_socket_new(base, ends[0], BEV_OPT_CLOSE_ON_FREE);
}

static void last(evutil_socket_t fd, short what, void *event) {
  (void)fd, (void)what;
  bufferevent_free(event);
  event_base_loopbreak(base);
}

int main(void) {
  base = event_base_new();
  printf("libevent %s\n", event_get_version());
  bufferevent_free(connection());
  int same = open_for_the_peer("bufferevent_free()");
  event_base_loop(base, EVLOOP_NONBLOCK);
  same &= !open_for_the_peer("then one iteration of the loop");

  struct timeval now = {0, 0};
  event_base_once(base, -1, EV_TIMEOUT, last, connection(), &now);
  event_base_dispatch(base);
  same &= open_for_the_peer("freed in a callback that ends the loop");
  event_base_free(base);
  same &= !open_for_the_peer("then event_base_free()");
  return !same;
}
C
LD_LIBRARY_PATH="$lib" ./probe
