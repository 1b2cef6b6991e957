#!/bin/bash
# fcntl() with O_ASYNC succeeds and does nothing for an epoll, an eventfd, a timerfd, a
# signalfd, a pidfd and a fanotify descriptor: no SIGIO comes, and F_GETFL lacks the flag.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12) on Linux 6.18. A C compiler is
# needed, and root, for fanotify.
#
# The usual guess: SIGIO interrupts long work when the epoll set of the program has an
# event, or F_SETFL fails, as it does with EINVAL for other things that a file cannot do.
# fcntl(2) lists the kinds that O_ASYNC is for, and does not say what happens otherwise.
# Seen: F_SETFL calls the function fasync of the kind, and goes on without an error if it
# has none (setfl() in fs/fcntl.c). Terminals, pipes, sockets and inotify have it; the
# kinds above have none, nor do ordinary files. F_SETOWN succeeds for all of them. Ask
# F_GETFL afterwards; for an epoll set, a thread that waits in poll() can send the signal.
#
# Output:
#   pipe     F_SETFL 0, O_ASYNC set, readable, signal
#   socket   F_SETFL 0, O_ASYNC set, readable, signal
#   inotify  F_SETFL 0, O_ASYNC set, readable, signal
#   epoll    F_SETFL 0, O_ASYNC not set, readable, no signal
#   ... and so eventfd, timerfd, signalfd, pidfd, fanotify
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -o probe -x c - <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

static int pipes[2], sockets[2], late[2];
static pid_t child;

static void to_pipe(int fd) { (void)fd, (void)!write(pipes[1], "x", 1); }
static void to_socket(int fd) { (void)fd, (void)!write(sockets[1], "x", 1); }
static void to_late_pipe(int fd) { (void)fd, (void)!write(late[1], "x", 1); }
static void to_eventfd(int fd) { eventfd_write(fd, 1); }
static void touch(int fd) { (void)fd, close(open("file", O_WRONLY | O_CREAT, 0600)); }
static void raise_usr1(int fd) { (void)fd, raise(SIGUSR1); }
static void end_child(int fd) { (void)fd, kill(child, SIGKILL); }
static void start_timer(int fd) {
  struct itimerspec soon = {.it_value.tv_nsec = 1};
  timerfd_settime(fd, 0, &soon, NULL);
}

/* Returns 1 if a signal comes when the descriptor becomes readable, 0 if F_SETFL succeeds
   and no signal comes, or -1. */
static int signals(const char *name, int fd, void (*make_readable)(int)) {
  sigset_t io;
  sigemptyset(&io);
  sigaddset(&io, SIGIO);
  fcntl(fd, F_SETOWN, getpid());
  int failed = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
  int set = fcntl(fd, F_GETFL) & O_ASYNC;
  make_readable(fd);
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  int readable = poll(&entry, 1, 60000) == 1;
  struct timespec time = {.tv_nsec = 100000000};
  int signal = sigtimedwait(&io, NULL, &time) == SIGIO;
  printf("%-8s F_SETFL %d, O_ASYNC %s, %s, %s\n", name, failed, set ? "set" : "not set",
         readable ? "readable" : "not readable", signal ? "signal" : "no signal");
  if (failed || !readable || !set != !signal) return -1;
  return signal;
}

int main(void) {
  struct utsname system;
  uname(&system);
  printf("Linux %s\n", system.release);
  fflush(stdout);
  sigset_t blocked, usr1;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGIO);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  if (pipe(pipes) || pipe(late) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets)) return 2;
  int inotify = inotify_init(), epoll = epoll_create1(0);
  inotify_add_watch(inotify, ".", IN_CREATE);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, late[0], &event);
  if ((child = fork()) == 0) {
    pause();
    _exit(0);
  }
  int same = signals("pipe", pipes[0], to_pipe) == 1;
  same &= signals("socket", sockets[0], to_socket) == 1;
  same &= signals("inotify", inotify, touch) == 1;
  same &= signals("epoll", epoll, to_late_pipe) == 0;
  same &= signals("eventfd", eventfd(0, 0), to_eventfd) == 0;
  same &= signals("timerfd", timerfd_create(CLOCK_MONOTONIC, 0), start_timer) == 0;
  same &= signals("signalfd", signalfd(-1, &usr1, 0), raise_usr1) == 0;
  same &= signals("pidfd", pidfd_open(child, 0), end_child) == 0;
  int fan = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);
  if (fan == -1 || fanotify_mark(fan, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "file")) return 2;
  same &= signals("fanotify", fan, touch) == 0;
  return !same;
}
C
status=0
timeout 60 ./probe || status=$?
((status != 1)) || echo "The behaviour has changed"
exit $status
