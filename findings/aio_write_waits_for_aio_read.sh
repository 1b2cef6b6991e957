#!/bin/sh
# aio_write() to a socket is not started while an aio_read() of its number waits for
# data; through a dup() of the number it is.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12). No more is needed than a C
# compiler.
#
# The usual guess: requests are independent, as they are in io_uring: a server keeps
# one read pending per connection, and writes when it has an answer. aio(7) says
# that glibc uses threads, not how many per descriptor.
# Seen: glibc gives all requests of a number to one thread, which carries them out in
# turn. If the peer waits for the write before it sends, both wait forever. Another
# number of the socket has a thread of its own.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -o probe -x c - <<'C'
#include <aio.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int arrives(int fd, const char *name, int ms) {
  struct pollfd peer = {.fd = fd, .events = POLLIN};
  int arrived = poll(&peer, 1, ms) == 1;
  char byte;
  if (arrived && read(fd, &byte, 1) != 1) return -1;
  printf("%s: %s\n", name, arrived ? "arrives" : "does not arrive");
  return arrived;
}

static struct aiocb request(int fd, char *byte) {
  return (struct aiocb){.aio_fildes = fd, .aio_buf = byte, .aio_nbytes = 1};
}

int main(void) {
  enum { some_time = 1000, long_time = 30000 };
  int pair[2];
  char in, out = 'x';
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return 1;
  struct aiocb first = request(pair[0], &out), read = request(pair[0], &in);
  struct aiocb second = first, third = request(dup(pair[0]), &out);
  printf("glibc %s\n", gnu_get_libc_version());
  aio_write(&first);
  int same = arrives(pair[1], "aio_write()", long_time) == 1;
  aio_read(&read);
  aio_write(&second);
  same &= arrives(pair[1], "aio_write() during aio_read()", some_time) == 0;
  aio_write(&third);
  same &= arrives(pair[1], "aio_write() to a dup()", long_time) == 1;
  same &= aio_error(&read) == EINPROGRESS && aio_error(&second) == EINPROGRESS;
  same &= write(pair[1], "y", 1) == 1;
  same &= arrives(pair[1], "the second, when the read has ended", long_time) == 1;
  return !same;
}
C
./probe
