#!/bin/bash
# io_uring ignores O_NONBLOCK: a read of a descriptor that has it waits for data
# instead of failing with EAGAIN.
#
# Seen with liburing 2.3 (liburing2, liburing-dev 2.3-3, Debian 12) on Linux 6.18. A C
# compiler is needed.
#
# The usual guess: io_uring(7): an operation "issues the equivalent of" a system call
# and returns its result, and open(2) has O_NONBLOCK hold for the open file, whoever
# reads. So it completes at once with -EAGAIN, and a program clears O_NONBLOCK first.
# Seen: it stays pending until there is data, and completes with them, as without the
# flag: else files with O_NONBLOCK could not be used reliably (a comment in io_uring/rw.c
# of the kernel). Only the flags of the operation count, MSG_DONTWAIT and RWF_NOWAIT.
# So a socket can be shared with an epoll loop as it is; but code that reads until
# EAGAIN never gets its EAGAIN from io_uring, and waits.
#
# Output:
#   pipe:     read() EAGAIN, io_uring pending, after a write() 1
#   socket:   read() EAGAIN, io_uring pending, after a write() 1
#   terminal: read() EAGAIN, io_uring pending, after a write() 1
#   eventfd:  read() EAGAIN, io_uring pending, after a write() 8
#   recv of the socket with MSG_DONTWAIT: EAGAIN
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download liburing2=2.3-3 liburing-dev=2.3-3 ||
  { echo "liburing 2.3-3 cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name liburing.so.2)")
cc -Iusr/include -o probe -x c - -x none "$lib/liburing.so.2" <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

static struct io_uring ring;
static char buffer[100];

/* Returns the result of the operation, or 1000 if it is pending after that long. */
static int result(int milliseconds) {
  struct __kernel_timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  struct io_uring_cqe *completion;
  if (io_uring_wait_cqe_timeout(&ring, &completion, &time)) return 1000;
  int result = completion->res;
  io_uring_cqe_seen(&ring, completion);
  return result;
}

static int waits(const char *name, int reader, int writer, int size) {
  fcntl(reader, F_SETFL, fcntl(reader, F_GETFL) | O_NONBLOCK);
  int plain = read(reader, buffer, sizeof buffer) == -1 ? errno : 0;
  struct io_uring_sqe *operation = io_uring_get_sqe(&ring);
  io_uring_prep_read(operation, reader, buffer, sizeof buffer, 0);
  io_uring_submit(&ring);
  int before = result(200);
  if (write(writer, "12345678", size) != size) return 0;
  int after = before == 1000 ? result(60000) : before;
  printf("%-9s read() %s, io_uring %s, after a write() %d\n", name,
         strerrorname_np(plain), before == 1000 ? "pending" : "complete", after);
  return plain == EAGAIN && before == 1000 && after == size;
}

int main(void) {
  struct utsname system;
  uname(&system);
  printf("liburing 2.3 on Linux %s\n", system.release);
  int error = io_uring_queue_init(8, &ring, 0), tubes[2], sockets[2], master, slave;
  if (error) {
    printf("There is no io_uring here: %s\n", strerror(-error));
    return 2;
  }
  struct termios raw;
  if (pipe(tubes) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) ||
      openpty(&master, &slave, NULL, NULL, NULL) || tcgetattr(slave, &raw))
    return 2;
  cfmakeraw(&raw);
  tcsetattr(slave, TCSANOW, &raw);
  int event = eventfd(0, 0);
  int same = waits("pipe:", tubes[0], tubes[1], 1);
  same &= waits("socket:", sockets[0], sockets[1], 1);
  same &= waits("terminal:", slave, master, 1);
  same &= waits("eventfd:", event, event, 8);

  struct io_uring_sqe *operation = io_uring_get_sqe(&ring);
  io_uring_prep_recv(operation, sockets[0], buffer, sizeof buffer, MSG_DONTWAIT);
  io_uring_submit(&ring);
  int asked = result(60000);
  printf("recv of the socket with MSG_DONTWAIT: %s\n", strerrorname_np(-asked));
  return !(same && asked == -EAGAIN);
}
C
status=0
LD_LIBRARY_PATH="$lib" ./probe || status=$?
((status != 1)) || echo "The behaviour has changed"
exit $status
