#!/bin/bash
# poll() with time-out 0, and EPOLL_CTL_ADD, of a file in a FUSE file system block until
# the file system's server answers, O_NONBLOCK or not.
#
# Seen with libfuse 3.14.0 (libfuse3-3, libfuse3-dev 3.14.0-4, Debian 12) on Linux 6.18.
# A C compiler is needed, and root, to mount.
#
# The usual guess: poll(2): "a timeout of zero causes poll() to return immediately", and
# epoll_ctl() only registers. A file system that is slow makes read() wait at most.
# Seen: for each look at the file the kernel sends FUSE_POLL and waits for the reply
# (fuse_file_poll() in fs/fuse/file.c). So the loop, with all its other descriptors,
# stands still for as long as a server across the network does, in poll(), in
# EPOLL_CTL_ADD, and in select() and epoll_wait(), which use the same function. Only
# if the server has no poll function does the kernel answer "ready" itself, ever after.
# And epoll, which refuses regular files with EPERM elsewhere, accepts these.
#
# Output, with a server that answers a poll after 300 ms:
#   libfuse 3.14.0: poll(0) returns 0 after 300 ms or more
#   EPOLL_CTL_ADD returns 0 after 300 ms or more
#   epoll of a regular file elsewhere: EPERM
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
[ "$(id -u)" = 0 ] || { echo "Only root can mount"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libfuse3-3=3.14.0-4 \
  libfuse3-dev=3.14.0-4 || { echo "libfuse 3.14.0-4 cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name libfuse3.so.3)")
touch file other
cc -Iusr/include/fuse3 -D_FILE_OFFSET_BITS=64 -pthread -o probe -x c - \
  -x none "$lib/libfuse3.so.3" <<'C'
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

static long now(void) { /* in milliseconds */
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void on_getattr(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *file) {
  (void)file;
  struct stat attributes = {.st_ino = ino, .st_mode = S_IFREG | 0600, .st_nlink = 1};
  fuse_reply_attr(request, &attributes, 60);
}

static void on_open(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *file) {
  (void)ino;
  fuse_reply_open(request, file);
}

static void on_poll(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *file,
                    struct fuse_pollhandle *handle) {
  (void)ino, (void)file;
  if (handle) fuse_pollhandle_destroy(handle);
  poll(NULL, 0, 301); /* The server is slow. */
  fuse_reply_poll(request, 0);
}

static void *serve(void *session) {
  fuse_session_loop(session);
  return NULL;
}

int main(void) {
  static const struct fuse_lowlevel_ops functions = {
      .getattr = on_getattr, .open = on_open, .poll = on_poll};
  char *names[] = {"probe", NULL}, options[100];
  struct fuse_args arguments = FUSE_ARGS_INIT(1, names);
  struct fuse_session *session =
      fuse_session_new(&arguments, &functions, sizeof functions, NULL);
  /* A single regular file is mounted, on a file, without the help of fusermount. */
  int device = open("/dev/fuse", O_RDWR);
  snprintf(options, sizeof options, "fd=%d,rootmode=100600,user_id=0,group_id=0", device);
  if (device == -1 || mount("probe", "file", "fuse", 0, options)) {
    perror("FUSE cannot be mounted");
    return 2;
  }
  snprintf(options, sizeof options, "/dev/fd/%d", device);
  pthread_t thread;
  if (fuse_session_mount(session, options) ||
      pthread_create(&thread, NULL, serve, session))
    return 2;

  int fd = open("file", O_RDWR | O_NONBLOCK), other = open("other", O_RDWR);
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  long start = now();
  int ready = poll(&entry, 1, 0);
  long polled = now() - start;
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  start = now();
  int added = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  long adding = now() - start;
  int elsewhere = epoll_ctl(epoll, EPOLL_CTL_ADD, other, &event) ? errno : 0;
  printf("libfuse %s: poll(0) returns %d after %s\n", fuse_pkgversion(), ready,
         polled < 300 ? "less than 300 ms" : "300 ms or more");
  printf("EPOLL_CTL_ADD returns %d after %s\n", added,
         adding < 300 ? "less than 300 ms" : "300 ms or more");
  printf("epoll of a regular file elsewhere: %s\n",
         elsewhere == EPERM ? "EPERM" : "not EPERM");
  close(fd);
  umount2("file", MNT_DETACH);
  return !(ready == 0 && polled >= 300 && added == 0 && adding >= 300 &&
           elsewhere == EPERM);
}
C
status=0
LD_LIBRARY_PATH="$lib" unshare -m ./probe || status=$?
((status != 1)) || echo "The behaviour has changed"
exit $status
