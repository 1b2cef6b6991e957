#!/bin/bash
# The first socket that a program makes with CZMQ replaces the program's handlers of
# SIGINT and SIGTERM, and SIGINT no longer ends it; destroying the socket changes nothing.
#
# Seen with CZMQ 4.2.1 (libczmq4, libczmq-dev 4.2.1-1) on libzmq 4.3.4 (libzmq5,
# libzmq3-dev 4.3.4-6), Debian 12. A C compiler is needed.
#
# The usual guess: a library of sockets leaves signals to the program, or at least a
# handler that is there already, as libzmq itself does.
# Seen: zsock_new() initialises CZMQ, which installs its own handler of both signals;
# it sets zsys_interrupted and ends CZMQ's own loops. The manual of zsock does not
# say so. A daemon that had its handler first does not see SIGTERM any more and is
# killed at the end of the time-out for stopping; one with libuv or asyncio gets no
# event; and "ignored", under nohup or in the background of a script, is lost as
# well. Call zsys_handler_set(NULL) first, or set handlers after the first socket.
#
# Output:
#   before:            SIGTERM mine, SIGINT ignored
#   after zmq_socket:  SIGTERM mine, SIGINT ignored
#   after zsock_new:   SIGTERM another, SIGINT another
#   after destroying:  SIGTERM another, SIGINT another
#   both raised: mine ran 0 times, and the program goes on
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libczmq4=4.2.1-1 libczmq-dev=4.2.1-1 \
  libzmq5=4.3.4-6 libzmq3-dev=4.3.4-6 libnorm1=1.5.9+dfsg-2 \
  libpgm-5.3-0=5.3.128~dfsg-2 libsodium23=1.0.18-1+deb12u1 libbsd0=0.11.7-2 \
  libmd0=1.0.4-2 || { echo "CZMQ 4.2.1-1 cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
usr=$dir/usr/lib/$(cc -print-multiarch)
cc -Iusr/include -o probe -x c - -x none -Wl,--unresolved-symbols=ignore-in-shared-libs \
  "$usr/libczmq.so.4" "$usr/libzmq.so.5" <<'C'
#include <czmq.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t mine_ran;

static void mine(int number) {
  (void)number;
  ++mine_ran;
}

static const char *handler(int number) {
  struct sigaction action;
  sigaction(number, NULL, &action);
  return action.sa_handler == mine      ? "mine"
         : action.sa_handler == SIG_IGN ? "ignored"
         : action.sa_handler == SIG_DFL ? "default"
                                        : "another";
}

static int both(const char *name, const char *of_term, const char *of_int) {
  printf("%-18s SIGTERM %s, SIGINT %s\n", name, handler(SIGTERM), handler(SIGINT));
  return !strcmp(handler(SIGTERM), of_term) && !strcmp(handler(SIGINT), of_int);
}

int main(void) {
  signal(SIGTERM, mine);
  signal(SIGINT, SIG_IGN);
  printf("CZMQ %d.%d.%d\n", CZMQ_VERSION_MAJOR, CZMQ_VERSION_MINOR, CZMQ_VERSION_PATCH);
  int same = both("before:", "mine", "ignored");

  void *context = zmq_ctx_new(), *plain = zmq_socket(context, ZMQ_PULL);
  same &= both("after zmq_socket:", "mine", "ignored");
  zmq_close(plain);
  zmq_ctx_term(context);

  zsock_t *socket = zsock_new(ZMQ_PULL);
  same &= both("after zsock_new:", "another", "another");
  zsock_destroy(&socket);
  same &= both("after destroying:", "another", "another");
  raise(SIGTERM);
  raise(SIGINT);
  printf("both raised: mine ran %d times, and the program goes on\n", (int)mine_ran);
  return !(same && mine_ran == 0);
}
C
export LD_LIBRARY_PATH=$usr:$dir/lib/$(cc -print-multiarch)
! ldd ./probe | grep "not found" || { echo "Packages of these are needed"; exit 2; }
./probe || { echo "The behaviour has changed"; exit 1; }
