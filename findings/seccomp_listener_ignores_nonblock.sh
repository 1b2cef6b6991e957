#!/bin/bash
# The ioctl() that takes a notification from a seccomp listener waits for one although the
# descriptor is O_NONBLOCK, and although poll() has just told another reader of it.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12) on Linux 6.18. A C compiler is
# needed.
#
# The usual guess: fcntl() sets O_NONBLOCK without an error, and F_GETFL shows it, so with
# nothing to receive SECCOMP_IOCTL_NOTIF_RECV says EAGAIN; a loop may call it until then,
# and two supervisors may share the listener. seccomp_unotify(2) does not say otherwise.
# Seen: the flag has no effect (seccomp_notify_recv() in the kernel does not look at it).
# If the loop asks once more than there are notifications, or another thread was faster,
# it stands still until a process makes one of the watched calls; only a signal handler
# ends the wait, with EINTR. So call it once for each POLLIN, from one thread, or
# give the listener a thread of its own.
#
# Output:
#   O_NONBLOCK set: 1, poll: nothing
#   SECCOMP_IOCTL_NOTIF_RECV with nothing there: waited until SIGALRM, EINTR
#   a child makes the call: poll POLLIN, received, poll no POLLIN
#   SECCOMP_IOCTL_NOTIF_RECV once more: waited until SIGALRM, EINTR
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -o probe -x c - <<'C'
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t alarms;

static void on_alarm(int number) {
  (void)number;
  ++alarms;
}

static int receive(int listener, struct seccomp_notif *notification) {
  memset(notification, 0, sizeof *notification);
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, notification) ? errno : 0;
}

/* Returns whether a call with nothing to receive waits for as long as it may. */
static int waits(int listener) {
  struct seccomp_notif notification;
  /* The timer goes on, in case that it ends before the call begins. */
  struct itimerval timer = {{0, 300000}, {0, 300000}}, off = {{0, 0}, {0, 0}};
  alarms = 0;
  setitimer(ITIMER_REAL, &timer, NULL);
  int error = receive(listener, &notification), result = alarms > 0 && error == EINTR;
  setitimer(ITIMER_REAL, &off, NULL);
  puts(result ? "waited until SIGALRM, EINTR" : strerror(error));
  return result;
}

static int readable(int listener, int milliseconds) {
  struct pollfd entry = {.fd = listener, .events = POLLIN};
  poll(&entry, 1, milliseconds);
  return entry.revents & POLLIN;
}

int main(void) {
  struct utsname system;
  uname(&system);
  printf("Linux %s\n", system.release);
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {4, filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                              SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) {
    perror("seccomp");
    return 2;
  }
  int set = fcntl(listener, F_SETFL, O_NONBLOCK) == 0 &&
            (fcntl(listener, F_GETFL) & O_NONBLOCK) != 0;
  int early = readable(listener, 0);
  printf("O_NONBLOCK set: %d, poll: %s\n", set, early ? "POLLIN" : "nothing");
  printf("SECCOMP_IOCTL_NOTIF_RECV with nothing there: ");
  int first = waits(listener);

  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(syscall(SYS_getppid) != 42);
  struct seccomp_notif notification;
  int before = readable(listener, 60000), error = receive(listener, &notification);
  int after = readable(listener, 0);
  printf("a child makes the call: poll %s, %s, poll %s\n", before ? "POLLIN" : "nothing",
         error ? strerror(error) : "received", after ? "POLLIN" : "no POLLIN");
  printf("SECCOMP_IOCTL_NOTIF_RECV once more: ");
  int second = waits(listener), status = 1;
  struct seccomp_notif_resp response = {.id = notification.id, .val = 42};
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
  waitpid(child, &status, 0);
  return !(set && !early && first && before && error == 0 && !after && second &&
           status == 0);
}
C
timeout 60 ./probe || { echo "The behaviour has changed"; exit 1; }
