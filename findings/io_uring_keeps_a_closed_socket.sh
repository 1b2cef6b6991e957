#!/bin/sh
# close() of a socket with a pending io_uring operation sends nothing to the peer,
# and the operation still receives data afterwards.
#
# Seen with liburing 2.3 (liburing2, liburing-dev 2.3-3, Debian 12) on Linux 6.18.
#
# The usual guess: close() of the only descriptor ends the connection, and pending
# operations complete with an error, as an epoll registration disappears.
# Seen: an operation holds the open file, not the number. The peer of a closed
# socket sees no end, may send, and the pending receive completes with the data.
# Only then is the connection closed. A poll operation does the same. So cancel
# the operations (or shutdown() the socket) before close().
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download liburing2=2.3-3 liburing-dev=2.3-3
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'liburing.so.2')")
cc -Iusr/include -D_GNU_SOURCE -o probe -x c - -x none "$lib"/liburing.so.2 <<'C'
#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int peer_sees_the_end(int peer) {
  struct pollfd fd = {.fd = peer, .events = POLLIN};
  return poll(&fd, 1, 300) == 1;
}

/* Returns whether the pending operation keeps the connection. */
static int keeps(const char *name, int receive) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0), ours = socket(AF_INET, SOCK_STREAM, 0);
  bind(listener, (struct sockaddr *)&address, size);
  listen(listener, 1);
  getsockname(listener, (struct sockaddr *)&address, &size);
  connect(ours, (struct sockaddr *)&address, size);
  int peer = accept(listener, NULL, NULL);
  struct io_uring ring;
  struct io_uring_cqe *done;
  char data[8];
  if (io_uring_queue_init(4, &ring, 0)) return 0;
  struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
  if (receive)
    io_uring_prep_recv(entry, ours, data, sizeof data, 0);
  else
    io_uring_prep_poll_add(entry, ours, POLLIN);
  io_uring_submit(&ring);
  close(ours);
  int end_after_close = peer_sees_the_end(peer);
  send(peer, "hello", 5, 0);
  io_uring_wait_cqe(&ring, &done);
  int result = done->res, end_after_completion = peer_sees_the_end(peer);
  printf("%s: peer sees the end after close() %d, operation returns %d, then %d\n",
         name, end_after_close, result, end_after_completion);
  return !end_after_close && result == (receive ? 5 : POLLIN) && end_after_completion;
}

int main(void) {
  int receive_keeps = keeps("recv", 1), poll_keeps = keeps("poll", 0);
  return !(receive_keeps && poll_keeps);
}
C
uname -r
LD_LIBRARY_PATH="$lib" ./probe
