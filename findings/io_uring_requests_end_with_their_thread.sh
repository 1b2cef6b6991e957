#!/bin/bash
# An io_uring request fails with ECANCELED when its data arrive, if the thread that
# submitted it has ended by then; the data stay unread.
#
# Seen with liburing 2.3 (liburing2, liburing-dev 2.3-3, Debian 12) on Linux 6.18. A C
# compiler is needed.
#
# The usual guess: a request belongs to the ring, as a registration belongs to an epoll
# set, so that any thread may submit and one thread waits for the results; io_uring(7) and
# the manual of io_uring_submit() do not speak of threads.
# Seen: the thread that submits has to carry the request on when the file becomes ready.
# If it has ended, the kernel cancels instead, at that moment (io_should_terminate_tw()
# in io_uring/): an hour after the thread has ended, perhaps. So a worker of a pool, which
# ends when it is idle, or a thread that only sets up a server, leaves requests
# behind that fail once each. With IORING_SETUP_SQPOLL a thread of the kernel carries
# them on, and all is as guessed. Else submit from the thread of the loop only.
#
# Output:
#   read, thread has ended: ECANCELED, 3 bytes still in the socket
#   recv, thread has ended: ECANCELED, 3 bytes still in the socket
#   poll, thread has ended: ECANCELED, 3 bytes still in the socket
#   read, thread has ended, SQPOLL: 3, 0 bytes still in the socket
#   read, thread lives: 3, 0 bytes still in the socket
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download liburing2=2.3-3 liburing-dev=2.3-3 ||
  { echo "liburing 2.3-3 cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name liburing.so.2)")
cc -Iusr/include -pthread -o probe -x c - -x none "$lib/liburing.so.2" <<'C'
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

enum operation { READ, RECV, POLL };

static struct io_uring ring;
static enum operation operation;
static int ends[2], submitted;
static char data[10];
static pthread_barrier_t have_submitted, may_end;

static void submit(void) {
  struct io_uring_sqe *request = io_uring_get_sqe(&ring);
  if (operation == READ) io_uring_prep_read(request, ends[0], data, sizeof data, 0);
  if (operation == RECV) io_uring_prep_recv(request, ends[0], data, sizeof data, 0);
  if (operation == POLL) io_uring_prep_poll_add(request, ends[0], POLLIN);
  submitted = io_uring_submit(&ring);
}

static void *submit_and_end(void *nothing) {
  submit();
  return nothing;
}

static void *submit_and_stay(void *nothing) {
  submit();
  pthread_barrier_wait(&have_submitted);
  pthread_barrier_wait(&may_end);
  return nothing;
}

/* Returns the result of a request whose data arrive later; *left bytes are unread. */
static int result(const char *name, enum operation which, unsigned flags, int stays,
                  int *left) {
  int code = io_uring_queue_init(8, &ring, flags);
  if (code < 0) return code;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return -errno;
  operation = which;
  pthread_t thread;
  pthread_create(&thread, NULL, stays ? submit_and_stay : submit_and_end, NULL);
  if (stays) pthread_barrier_wait(&have_submitted);
  else pthread_join(thread, NULL);

  struct io_uring_cqe *completion;
  struct __kernel_timespec limit = {.tv_nsec = 200000000}, long_limit = {.tv_sec = 60};
  if (submitted != 1 || io_uring_wait_cqe_timeout(&ring, &completion, &limit) != -ETIME)
    return puts("The request was not pending"), 0;
  if (write(ends[1], "abc", 3) != 3) return -errno;
  code = io_uring_wait_cqe_timeout(&ring, &completion, &long_limit);
  if (stays) pthread_barrier_wait(&may_end), pthread_join(thread, NULL);
  if (code < 0) return code;
  code = completion->res;
  ioctl(ends[0], FIONREAD, left);
  printf("%s: %s, %d bytes still in the socket\n", name,
         code == -ECANCELED ? "ECANCELED" : code == 3 ? "3" : "another", *left);
  io_uring_cqe_seen(&ring, completion);
  io_uring_queue_exit(&ring);
  close(ends[0]);
  close(ends[1]);
  return code;
}

int main(void) {
  struct utsname system;
  uname(&system);
  printf("Linux %s\n", system.release);
  pthread_barrier_init(&have_submitted, NULL, 2);
  pthread_barrier_init(&may_end, NULL, 2);
  int left[5];
  int codes[] = {
      result("read, thread has ended", READ, 0, 0, &left[0]),
      result("recv, thread has ended", RECV, 0, 0, &left[1]),
      result("poll, thread has ended", POLL, 0, 0, &left[2]),
      result("read, thread has ended, SQPOLL", READ, IORING_SETUP_SQPOLL, 0, &left[3]),
      result("read, thread lives", READ, 0, 1, &left[4])};
  for (int i = 0; i < 3; ++i)
    if (codes[i] != -ECANCELED || left[i] != 3) return 1;
  return !(codes[3] == 3 && left[3] == 0 && codes[4] == 3 && left[4] == 0);
}
C
LD_LIBRARY_PATH="$lib" timeout 60 ./probe || { echo "The behaviour has changed"; exit 1; }
