#!/bin/bash
# A child made by fork() keeps the io_uring requests of its parent pending, and their
# sockets open, after the parent has closed both and even after it has ended.
#
# Seen with liburing 2.3 (liburing2, liburing-dev 2.3-3, Debian 12) on Linux 6.18. A C
# compiler is needed.
#
# The usual guess: io_uring_queue_exit(3): it "will release all resources", so it cancels
# what is pending; and the end of a process surely does. That a child shares sockets is
# well known: it closes those that it inherited.
# Seen: only the end of the ring ends its requests, and each request holds its socket. The
# child has the ring's descriptor and a copy of its mapped memory, which holds the ring
# as well. So after a restart the address of a listener with a pending accept is in use,
# and a peer waits for an end of file, as long as a child lives that has closed all its
# descriptors. The descriptor is close-on-exec: a child that starts a program does no
# harm; a worker of multiprocessing and a daemon do. Call io_uring_queue_exit() in the
# child too, or cancel and reap the requests in the parent.
#
# Output: whether the peer of a pending recv sees the end of file
#   no child: yes
#   child that closed the sockets: no, after its end: yes
#   the same, parent has ended: no, after its end: yes
#   child that closed ring_fd, too: no, after its end: yes
#   child that called io_uring_queue_exit(): yes
#   child that has started a program: yes
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
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum child { NONE, SOCKETS_CLOSED, NUMBER_CLOSED, RING_ENDED, EXEC };

static int ends[2], told[2];

/* Runs in a process of its own: submits, has a child, closes everything. */
static void submit(enum child which) {
  struct io_uring ring;
  char data[10];
  close(ends[1]);
  if (io_uring_queue_init(8, &ring, 0)) _exit(2);
  struct io_uring_sqe *request = io_uring_get_sqe(&ring);
  io_uring_prep_recv(request, ends[0], data, sizeof data, 0);
  if (io_uring_submit(&ring) != 1) _exit(2);
  int ready[2];
  if (pipe2(ready, O_CLOEXEC)) _exit(2);
  pid_t child = which == NONE ? 0 : fork();
  if (which != NONE && child == 0) {
    close(ends[0]);
    if (which == NUMBER_CLOSED) close(ring.ring_fd);
    if (which == RING_ENDED) io_uring_queue_exit(&ring);
    if (which == EXEC) execlp("sleep", "sleep", "100", (char *)NULL);
    close(ready[0]);
    close(ready[1]);
    for (;;) pause();
  }
  close(ready[1]);
  if (read(ready[0], data, 1) != 0) _exit(2);  /* The child has come so far. */
  close(ends[0]);
  io_uring_queue_exit(&ring);
  if (write(told[1], &child, sizeof child) != sizeof child) _exit(2);
}

static int at_end(int milliseconds) {
  struct pollfd entry = {.fd = ends[1], .events = POLLIN};
  char byte;
  return poll(&entry, 1, milliseconds) == 1 && read(ends[1], &byte, 1) == 0;
}

/* Returns 1 if the peer sees the end at once, 0 if it does when the child has ended. */
static int ends_at_once(const char *name, enum child which, int parent_ends) {
  int milliseconds = which == SOCKETS_CLOSED || which == NUMBER_CLOSED ? 500 : 60000;
  pid_t child = 0;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || pipe2(told, O_CLOEXEC)) return -1;
  pid_t parent = fork();
  if (parent == 0) {
    submit(which);
    if (parent_ends) _exit(0);
    for (;;) pause();
  }
  close(ends[0]);
  if (read(told[0], &child, sizeof child) != sizeof child) return -1;
  if (parent_ends) waitpid(parent, NULL, 0);
  int first = at_end(milliseconds), later = first;
  printf("%s: %s", name, first ? "yes" : "no");
  if (child) kill(child, SIGKILL);
  if (!first) printf(", after its end: %s", (later = at_end(60000)) ? "yes" : "no");
  puts("");
  kill(parent, SIGKILL);
  while (wait(NULL) > 0) continue;
  return first ? 1 : later ? 0 : -1;
}

int main(void) {
  struct utsname system;
  uname(&system);
  printf("Linux %s\n", system.release);
  fflush(stdout);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  int same = ends_at_once("no child", NONE, 0) == 1;
  same &= ends_at_once("child that closed the sockets", SOCKETS_CLOSED, 0) == 0;
  same &= ends_at_once("the same, parent has ended", SOCKETS_CLOSED, 1) == 0;
  same &= ends_at_once("child that closed ring_fd, too", NUMBER_CLOSED, 0) == 0;
  same &= ends_at_once("child that called io_uring_queue_exit()", RING_ENDED, 0) == 1;
  same &= ends_at_once("child that has started a program", EXEC, 0) == 1;
  return !same;
}
C
LD_LIBRARY_PATH="$lib" ./probe || { echo "The behaviour has changed"; exit 1; }
