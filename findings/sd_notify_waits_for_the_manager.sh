#!/bin/sh
# sd_notify() blocks while the queue of the notify socket is full.
#
# Seen with libsystemd 252 (libsystemd0 252.39-1~deb12u2, Debian 12) on Linux 6.18.
#
# The usual guess: sending a datagram to the manager is cheap and never waits, or
# fails with -EAGAIN; a watchdog ping every few seconds may be sent from the
# thread of the event loop. sd_notify(3) says nothing of blocking.
# Seen: the socket has no O_NONBLOCK and no time-out. When the reader is late by
# more messages than net.unix.max_dgram_qlen (10 by default), the next call waits
# for it, forever if need be, and the event loop with it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libsystemd0=252.39-1~deb12u2 \
  libsystemd-dev=252.39-1~deb12u2
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'libsystemd.so.0')")
cc -Iusr/include -o probe -x c - -x none "$lib"/libsystemd.so.0 -pthread <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static int manager;
static volatile int late; /* whether the manager has begun to read */

static void *read_late(void *unused) {
  char message[99];
  sleep(1);
  late = 1;
  while (recv(manager, message, sizeof message, 0) > 0) continue;
  return unused;
}

int main(void) {
  struct sockaddr_un path = {AF_UNIX, "notify"};
  manager = socket(AF_UNIX, SOCK_DGRAM, 0);
  bind(manager, (struct sockaddr *)&path, sizeof path);
  char name[200];
  if (!realpath("notify", name)) return 2;
  setenv("NOTIFY_SOCKET", name, 1);
  pthread_t thread;
  pthread_create(&thread, NULL, read_late, NULL);
  int sent = 0, result = 1;
  while (!late && result > 0 && sent < 100000) {
    result = sd_notify(0, "WATCHDOG=1");
    ++sent;
  }
  printf("call %d returned %d %s\n", sent, result,
         late ? "after a second, when the manager had begun to read" : "");
  return !(late && result > 0);
}
C
LD_LIBRARY_PATH="$lib" ./probe
