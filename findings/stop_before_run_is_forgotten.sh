#!/bin/bash
# libevent, libev and GLib forget a stop that was called before the loop runs: the loop
# then runs on. libuv, asyncio and event_base_loopexit() of libevent remember it.
#
# Seen with libevent 2.1.12 (libevent-2.1-7, libevent-dev 2.1.12-stable-8+deb12u1), libev
# 4.33 (libev4, libev-dev 1:4.33-1), GLib 2.74.6 (libglib2.0-0, libglib2.0-dev
# 2.74.6-2+deb12u9), libuv 1.44.2 (libuv1, libuv1-dev 1.44.2-1+deb12u1) and CPython
# 3.11.2 (python3 3.11.2-1+b1), Debian 12. A C compiler is needed.
#
# The usual guess: event_base_loopbreak(), ev_break(), g_main_loop_quit(), uv_stop()
# and loop.stop() are five names of one thing: the next chance to stop is taken.
# Seen: three of them set a flag that the start of the loop clears. So a thread, or a
# step of the start that finds that there is nothing to do, which stops the loop a
# moment too early leaves it running, unnoticed until a machine is slow. event.h and
# ev(3) say so in half a sentence, the documentation of g_main_loop_quit() does not. With
# GLib queue the call (g_idle_add()), with libev use an ev_async watcher, with libevent
# event_base_loopexit(base, NULL).
#
# Output: whether the loop ran on to a timer of 200 ms
#   event_base_loopbreak(), then event_base_dispatch(): ran on
#   event_base_loopexit(), then event_base_dispatch(): stopped
#   ev_break(), then ev_run(): ran on
#   g_main_loop_quit(), then g_main_loop_run(): ran on
#   uv_stop(), then uv_run(): stopped
#   asyncio's stop(), then run_forever(): stopped
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libevent-2.1-7=2.1.12-stable-8+deb12u1 \
  libevent-dev=2.1.12-stable-8+deb12u1 libev4=1:4.33-1 libev-dev=1:4.33-1 \
  libglib2.0-0=2.74.6-2+deb12u9 libglib2.0-dev=2.74.6-2+deb12u9 \
  libuv1=1.44.2-1+deb12u1 libuv1-dev=1.44.2-1+deb12u1 ||
  { echo "The libraries cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
usr=$dir/usr/lib/$(cc -print-multiarch)

# A program each: the libraries do not agree on names such as EV_READ.
cat >libevent.c <<'C'
#include <event2/event.h>
#include <stdio.h>

static int late;

static void on_timer(evutil_socket_t fd, short events, void *base) {
  (void)fd, (void)events;
  late = 1;
  event_base_loopbreak(base);
}

static void run(const char *name, int exits) {
  struct event_base *base = event_base_new();
  struct timeval time = {0, 200000};
  late = 0;
  event_base_once(base, -1, EV_TIMEOUT, on_timer, base, &time);
  exits ? event_base_loopexit(base, NULL) : event_base_loopbreak(base);
  event_base_dispatch(base);
  printf("%s, then event_base_dispatch(): %s\n", name, late ? "ran on" : "stopped");
}

int main(void) {
  run("event_base_loopbreak()", 0);
  run("event_base_loopexit()", 1);
}
C
cat >libev.c <<'C'
#include <ev.h>
#include <stdio.h>

static int late;

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events) {
  (void)timer, (void)events;
  late = 1;
  ev_break(loop, EVBREAK_ALL);
}

int main(void) {
  struct ev_loop *loop = ev_default_loop(0);
  ev_timer timer;
  ev_timer_init(&timer, on_timer, .2, 0);
  ev_timer_start(loop, &timer);
  ev_break(loop, EVBREAK_ALL);
  ev_run(loop, 0);
  printf("ev_break(), then ev_run(): %s\n", late ? "ran on" : "stopped");
}
C
cat >glib.c <<'C'
#include <glib.h>
#include <stdio.h>

static int late;

static gboolean on_timer(void *loop) {
  late = 1;
  g_main_loop_quit(loop);
  return FALSE;
}

int main(void) {
  GMainLoop *loop = g_main_loop_new(NULL, FALSE);
  g_timeout_add(200, on_timer, loop);
  g_main_loop_quit(loop);
  g_main_loop_run(loop);
  printf("g_main_loop_quit(), then g_main_loop_run(): %s\n", late ? "ran on" : "stopped");
}
C
cat >libuv.c <<'C'
#include <stdio.h>
#include <uv.h>

static int late;

static void on_timer(uv_timer_t *timer) {
  late = 1;
  uv_stop(timer->loop);
}

int main(void) {
  uv_timer_t timer;
  uv_timer_init(uv_default_loop(), &timer);
  uv_timer_start(&timer, on_timer, 200, 0);
  uv_stop(uv_default_loop());
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  printf("uv_stop(), then uv_run(): %s\n", late ? "ran on" : "stopped");
}
C
cat >asyncio_loop.py <<'PYTHON'
import asyncio

loop, late = asyncio.new_event_loop(), []
loop.call_later(.2, lambda: (late.append(1), loop.stop()))
loop.stop()
loop.run_forever()
print("asyncio's stop(), then run_forever():", "ran on" if late else "stopped")
PYTHON
export LD_LIBRARY_PATH=$usr
cc -Iusr/include -o libevent libevent.c "$usr/libevent-2.1.so.7"
cc -Iusr/include -o libev libev.c "$usr/libev.so.4"
cc -Iusr/include/glib-2.0 -I"$usr/glib-2.0/include" -o glib glib.c "$usr/libglib-2.0.so.0"
cc -Iusr/include -o libuv libuv.c "$usr/libuv.so.1"
{ ./libevent; ./libev; ./glib; ./libuv; /usr/bin/python3 asyncio_loop.py; } | tee output
[[ $(sed 's/.*: //' output | tr '\n' ,) == \
  "ran on,stopped,ran on,ran on,stopped,stopped," ]] ||
  { echo "The behaviour has changed"; exit 1; }
