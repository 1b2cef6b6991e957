#!/bin/sh
# After a signal handler is removed, libuv, libev, GLib and asyncio leave the
# signal with its default action, although it was ignored before.
#
# Seen with libuv1-dev 1.44.2-1+deb12u1, libev-dev 1:4.33-1, libglib2.0-dev
# 2.74.6-2+deb12u9 and python3 3.11.2-1+b1 (Debian 12), which must be installed,
# with pkg-config and a C compiler.
#
# The usual guess: stopping a watcher undoes what starting it did.
# Seen: all four set SIG_DFL. A program under nohup, which ignores SIGHUP, ends
# at the next hang-up if it has once watched SIGHUP for a while. Ask sigaction()
# before the first watcher, and set SIG_IGN again after the last.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
# shellcheck disable=SC2046
cc -o probe -x c - $(pkg-config --cflags --libs glib-2.0) -luv -lev <<'C'
#include <ev.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <uv.h>

static void on_uv(uv_signal_t *handle, int number) { (void)handle, (void)number; }
static void on_ev(struct ev_loop *loop, ev_signal *watcher, int events) {
  (void)loop, (void)watcher, (void)events;
}
static gboolean on_glib(gpointer data) { return data == NULL; }
static int ignored(const char *name) {
  struct sigaction action;
  sigaction(SIGHUP, NULL, &action);
  printf("%s: SIGHUP is %s\n", name,
         action.sa_handler == SIG_IGN ? "ignored again" : "not ignored");
  signal(SIGHUP, SIG_IGN);
  return action.sa_handler == SIG_IGN;
}

int main(void) {
  signal(SIGHUP, SIG_IGN);
  uv_signal_t handle;
  uv_signal_init(uv_default_loop(), &handle);
  uv_signal_start(&handle, on_uv, SIGHUP);
  uv_signal_stop(&handle);
  int same = !ignored("libuv");
  ev_signal watcher;
  ev_signal_init(&watcher, on_ev, SIGHUP);
  ev_signal_start(EV_DEFAULT, &watcher);
  ev_signal_stop(EV_DEFAULT, &watcher);
  same &= !ignored("libev");
  g_source_remove(g_unix_signal_add(SIGHUP, on_glib, NULL));
  same &= !ignored("GLib");
  printf("libuv %s, libev %d.%d, GLib %u.%u\n", uv_version_string(),
         ev_version_major(), ev_version_minor(), glib_major_version,
         glib_minor_version);
  return !same;
}
C
./probe
/usr/bin/python3 -c '
import asyncio, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
loop = asyncio.new_event_loop()
loop.add_signal_handler(signal.SIGHUP, print)
loop.remove_signal_handler(signal.SIGHUP)
print("asyncio: SIGHUP is", signal.getsignal(signal.SIGHUP).name)
sys.exit(signal.getsignal(signal.SIGHUP) != signal.SIG_DFL)'
