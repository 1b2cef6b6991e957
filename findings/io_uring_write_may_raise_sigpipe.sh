#!/bin/sh
# An io_uring write to a pipe or socket without a reader raises SIGPIPE or not,
# depending on the thread of the kernel that executes it; a send never does.
#
# Seen with liburing 2.3 (liburing-dev 2.3-3, Debian 12) on Linux 6.18.
#
# The usual guess: IORING_OP_WRITE and IORING_OP_SEND are "the equivalent" of
# pwrite(2) and send(2) (io_uring_enter(2)), so that both raise SIGPIPE, and
# MSG_NOSIGNAL prevents it for a send.
# Seen: a send is always without a signal. A write raises SIGPIPE if it is executed
# within io_uring_submit(), and not if a worker does it, as IOSQE_ASYNC asks for
# and as the kernel may decide. The result is -EPIPE each time. A program that
# was tested with sends or under load ends at its first write to a dead peer.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download liburing-dev=2.3-3
dpkg -x liburing-dev*.deb .
cc -Iusr/include -o probe -x c - -x none usr/lib/*/liburing.a <<'C'
#include <errno.h>
#include <liburing.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct io_uring ring;
static volatile sig_atomic_t signals;

static void count(int number) { signals += number == SIGPIPE; }

// Returns the signals that one operation raised, -1 if its result was not EPIPE.
static int raised(int send, unsigned flags) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return -1;
  close(pair[1]);
  signals = 0;
  struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
  if (send)
    io_uring_prep_send(sqe, pair[0], "x", 1, 0);
  else
    io_uring_prep_write(sqe, pair[0], "x", 1, -1);
  sqe->flags |= flags;
  struct io_uring_cqe *cqe;
  io_uring_submit(&ring);
  while (io_uring_wait_cqe(&ring, &cqe) == -EINTR) continue;
  int result = cqe->res;
  io_uring_cqe_seen(&ring, cqe);
  close(pair[0]);
  return result == -EPIPE ? signals : -1;
}

int main(void) {
  signal(SIGPIPE, count);
  if (io_uring_queue_init(4, &ring, 0)) return 2;
  int write = raised(0, 0), worker = raised(0, IOSQE_ASYNC);
  int send = raised(1, 0), send_worker = raised(1, IOSQE_ASYNC);
  printf("liburing 2.3, signals of a write: %d, by a worker: %d\n", write, worker);
  printf("              signals of a send:  %d, by a worker: %d\n", send, send_worker);
  return !(write == 1 && !worker && !send && !send_worker);
}
C
./probe
