#!/bin/bash
# An io_uring send or write to a socket or pipe that blocks ends with the part that fits
# into its buffer; send(2) and write(2) wait until all is written.
#
# Seen with liburing 2.3 (liburing2, liburing-dev 2.3-3, Debian 12) on Linux 6.18. A C
# compiler is needed.
#
# The usual guess: an operation issues "the equivalent" of its system call (io_uring(7)),
# and without O_NONBLOCK send(2) and write(2) return less only after a signal or an
# error. A program that never checked the number need not do so here either.
# Seen: the kernel tries without waiting first, and takes what fits for the result; it
# waits only if nothing fits. With small messages and an idle peer all is sent, so that
# it works in tests, and cuts a message when the peer is slow. MSG_WAITALL,
# a flag for receiving elsewhere, makes a send complete; a write has no such flag, and
# needs a loop. A chain of requests (IOSQE_IO_LINK) is broken by a short one.
#
# Output, of 4,194,304 bytes:
#   send(2):            all
#   send:               less than half
#   send, MSG_WAITALL:  all
#   write to a socket:  less than half
#   write(2) to a pipe: all
#   write to a pipe:    less than half
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
#include <liburing.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum operation { SYSTEM_CALL, SEND, SEND_ALL, WRITE };

static char data[4 << 20], input[1 << 16];
static struct io_uring ring;

static int run(int fd, int is_socket, enum operation operation) {
  size_t size = sizeof data;
  if (operation == SYSTEM_CALL)
    return (int)(is_socket ? send(fd, data, size, 0) : write(fd, data, size));
  struct io_uring_sqe *request = io_uring_get_sqe(&ring);
  int flags = operation == SEND_ALL ? MSG_WAITALL : 0;
  if (operation == WRITE) io_uring_prep_write(request, fd, data, size, 0);
  else io_uring_prep_send(request, fd, data, size, flags);
  io_uring_submit(&ring);
  struct io_uring_cqe *completion;
  if (io_uring_wait_cqe(&ring, &completion)) return -1;
  int result = completion->res;
  io_uring_cqe_seen(&ring, completion);
  return result;
}

/* Returns 1 if all is written, 0 if a part is. The reader begins late. */
static int all(const char *name, int is_socket, enum operation operation) {
  int ends[2];
  if (is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)) return -1;
  pid_t reader = fork();
  if (reader == 0) {
    close(ends[1]);
    usleep(200000);
    while (read(ends[0], input, sizeof input) > 0) continue;
    _exit(0);
  }
  close(ends[0]);
  int number = run(ends[1], is_socket, operation);
  close(ends[1]);
  waitpid(reader, NULL, 0);
  int size = sizeof data, result = number == size ? 1 : number > 0 ? 0 : -1;
  if (number >= size / 2 && number < size) result = -1;
  const char *texts[] = {"another", "less than half", "all"};
  printf("%-19s %s\n", name, texts[result + 1]);
  return result;
}

int main(void) {
  struct utsname system;
  uname(&system);
  printf("Linux %s\n", system.release);
  fflush(stdout);
  if (io_uring_queue_init(8, &ring, 0)) return 2;
  int results = all("send(2):", 1, SYSTEM_CALL) == 1;
  results &= all("send:", 1, SEND) == 0;
  results &= all("send, MSG_WAITALL:", 1, SEND_ALL) == 1;
  results &= all("write to a socket:", 1, WRITE) == 0;
  results &= all("write(2) to a pipe:", 0, SYSTEM_CALL) == 1;
  results &= all("write to a pipe:", 0, WRITE) == 0;
  return !results;
}
C
LD_LIBRARY_PATH="$lib" timeout 60 ./probe || { echo "The behaviour has changed"; exit 1; }
