#!/bin/bash
# io_submit() of a read from an empty pipe or socket does not return before data have
# arrived; with O_NONBLOCK it returns at once, and the request has failed with EAGAIN.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12) on Linux 6.18. A C compiler is
# needed.
#
# The usual guess: io_submit(2) "queues" requests, io_getevents(2) waits for their ends,
# and an eventfd in the request (IOCB_FLAG_RESFD) tells the loop: asynchronous, as
# io_uring is, which keeps such a read pending.
# Seen: the call is made within io_submit(), and waits as read(2) does; nothing but files
# with O_DIRECT goes on in the background (fs/aio.c in the kernel). There is no error to
# tell of it: once the data are there, all looks well, and the loop stood still meanwhile.
# IOCB_CMD_POLL, of Linux 4.18, does wait in the background, for a read(2) afterwards.
#
# Output, with data that arrive after 300 ms:
#   pipe:               io_submit() waited for the data, then result 1
#   socket:             io_submit() waited for the data, then result 1
#   pipe, O_NONBLOCK:   io_submit() returned at once, then result -EAGAIN
#   socket, O_NONBLOCK: io_submit() returned at once, then result -EAGAIN
#   IOCB_CMD_POLL:      io_submit() returned at once, then result POLLIN
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -o probe -x c - <<'C'
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Returns whether io_submit() waited; the result of the request is put into *result. */
static int waits(const char *name, int is_socket, int flags, int operation,
                 long *result) {
  aio_context_t context = 0;
  int ends[2];
  char byte;
  if (syscall(SYS_io_setup, 1, &context)) return -1;
  if (is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)) return -1;
  fcntl(ends[0], F_SETFL, flags);
  int go[2];
  if (pipe(go)) return -1;
  if (fork() == 0) {
    if (read(go[0], &byte, 1) != 1) _exit(1);
    usleep(300000);
    _exit(write(ends[1], "a", 1) != 1);
  }
  int polls = operation == IOCB_CMD_POLL;
  struct iocb request = {.aio_fildes = (uint32_t)ends[0],
                         .aio_lio_opcode = (uint16_t)operation,
                         .aio_buf = polls ? POLLIN : (uintptr_t)&byte,
                         .aio_nbytes = polls ? 0 : 1};
  struct iocb *requests[] = {&request};
  struct io_event event;
  long start = milliseconds();
  if (write(go[1], "a", 1) != 1) return -1;
  long submitted = syscall(SYS_io_submit, context, 1, requests);
  int late = milliseconds() - start >= 290;
  if (submitted != 1 || syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
    return -1;
  wait(NULL);
  syscall(SYS_io_destroy, context);
  *result = (long)event.res;
  printf("%-19s io_submit() %s, then result ", name,
         late ? "waited for the data" : "returned at once");
  if (polls) *result &= POLLIN;
  if (polls && *result) puts("POLLIN");
  else if (*result == -EAGAIN) puts("-EAGAIN");
  else printf("%ld\n", *result);
  return late;
}

int main(void) {
  struct utsname system;
  uname(&system);
  printf("Linux %s\n", system.release);
  fflush(stdout);
  long results[5];
  int late[] = {waits("pipe:", 0, 0, IOCB_CMD_PREAD, &results[0]),
                waits("socket:", 1, 0, IOCB_CMD_PREAD, &results[1]),
                waits("pipe, O_NONBLOCK:", 0, O_NONBLOCK, IOCB_CMD_PREAD, &results[2]),
                waits("socket, O_NONBLOCK:", 1, O_NONBLOCK, IOCB_CMD_PREAD, &results[3]),
                waits("IOCB_CMD_POLL:", 0, 0, IOCB_CMD_POLL, &results[4])};
  return !(late[0] == 1 && late[1] == 1 && late[2] == 0 && late[3] == 0 && late[4] == 0 &&
           results[0] == 1 && results[1] == 1 && results[2] == -EAGAIN &&
           results[3] == -EAGAIN && results[4] == POLLIN);
}
C
timeout 60 ./probe || { echo "The behaviour has changed"; exit 1; }
