#!/bin/bash
# A read() of a fanotify descriptor that fails with EMFILE takes the event from the queue:
# after descriptors have become free, it is not there.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12) on Linux 6.18. No more than
# a C compiler is needed, and root.
#
# The usual guess: as with accept(), which leaves the connection in the queue: the
# descriptor stays readable, and the loop closes something and reads again.
# fanotify(7) has EMFILE for read() and says nothing of the event.
# Seen: the event is taken first and its descriptor made second (copy_event_to_user() in
# the kernel). read() fails, poll() is silent, and the event is lost; if others
# came before it in the same read(), they are returned, and not even an error is seen.
# There is no FAN_Q_OVERFLOW to tell of the gap. FAN_REPORT_FID needs no descriptors.
#
# Output:
#   one event:  read() EMFILE, poll() says 0; with descriptors again: 0 events
#   two events, one descriptor left: read() returns 1 event; then: 0 events
#   accept():   EMFILE, poll() says 1; with descriptors again: accepted
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
touch first second
cc -o probe -x c - <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

static int readable(int fd) {
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  return poll(&entry, 1, 0);
}

/* Leaves the process that many free descriptors. */
static void leave(int number) {
  int next = dup(0);
  close(next);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = next + number;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/* Returns the number of events that read() returns, or -1, and closes their files. */
static int events_read(int fan) {
  char buffer[4096] __attribute__((aligned(8)));
  int number = 0;
  ssize_t left = read(fan, buffer, sizeof buffer);
  if (left == -1) return errno == EAGAIN ? 0 : -1;
  struct fanotify_event_metadata *event = (void *)buffer;
  for (; FAN_EVENT_OK(event, left); event = FAN_EVENT_NEXT(event, left), ++number)
    close(event->fd);
  return number;
}

static void touch(const char *name) { close(open(name, O_RDONLY)); }

int main(void) {
  struct utsname system;
  uname(&system);
  printf("Linux %s\n", system.release);
  int fan = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY);
  if (fan == -1 || fanotify_mark(fan, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "first") ||
      fanotify_mark(fan, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "second")) {
    perror("fanotify");
    return 2;
  }
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX}; /* Linux chooses a path. */
  socklen_t size = sizeof name;
  bind(listener, (void *)&name, sizeof name.sun_family);
  getsockname(listener, (void *)&name, &size);
  listen(listener, 5);
  int client = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(client, (void *)&name, size)) return 2;

  touch("first");
  leave(0);
  int failed = events_read(fan);
  const char *error = strerrorname_np(errno);
  int still = readable(fan);
  leave(100);
  int later = events_read(fan);
  printf("one event:  read() %s, poll() says %d; with descriptors again: %d events\n",
         error, still, later);

  touch("first");
  touch("second");
  leave(1);
  int some = events_read(fan);
  int rest = events_read(fan);
  printf("two events, one descriptor left: read() returns %d event; then: %d events\n",
         some, rest);

  leave(0);
  int refused = accept(listener, NULL, NULL) == -1 && errno == EMFILE;
  int waiting = readable(listener);
  leave(100);
  int accepted = accept(listener, NULL, NULL) != -1;
  printf("accept():   %s, poll() says %d; with descriptors again: %s\n",
         refused ? "EMFILE" : "not EMFILE", waiting, accepted ? "accepted" : "nothing");
  return !(failed == -1 && !strcmp(error, "EMFILE") && !still && later == 0 &&
           some == 1 && rest == 0 && refused && waiting == 1 && accepted);
}
C
status=0
./probe || status=$?
((status != 1)) || echo "The behaviour has changed"
exit $status
