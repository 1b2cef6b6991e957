#!/bin/sh
# uv_poll_t reports UV_EBADF, "bad file descriptor", for a good descriptor whose
# connection or peer failed, and stops.
#
# Seen with libuv 1.44.2 (libuv1-dev 1.44.2-1+deb12u1, Debian 12) on Linux 6.18.
#
# The usual guess: a refused connect() makes the socket writable, and SO_ERROR
# has the reason, as with poll(2) and epoll; EBADF means a closed number.
# Seen: poll(2) says POLLERR, and libuv reports any POLLERR as UV_EBADF with no
# events. The handle is inactive afterwards. So it is for a refused TCP connect,
# a UDP socket that got "port unreachable", which would work again after one
# read, and a pipe without a reader. SO_ERROR still has the true reason.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download \
  libuv1=1.44.2-1+deb12u1 libuv1-dev=1.44.2-1+deb12u1
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'libuv.so.1')")
cc -Iusr/include -o probe -x c - -x none "$lib/libuv.so.1" <<'C'
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

static int status, active;

static void on_poll(uv_poll_t *poll, int result, int events) {
  (void)events;
  status = result;
  active = uv_is_active((uv_handle_t *)poll);
  uv_poll_stop(poll);
}

static int ebadf(const char *name, int fd, int events) {
  uv_loop_t loop;
  uv_poll_t poll;
  int error = 0;
  socklen_t size = sizeof error;
  uv_loop_init(&loop);
  uv_poll_init(&loop, &poll, fd);
  uv_poll_start(&poll, events, on_poll);
  uv_run(&loop, UV_RUN_ONCE);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  printf("%s: %s, %s, SO_ERROR %s\n", name, status ? uv_err_name(status) : "0",
         active ? "active" : "stopped", error ? uv_err_name(-error) : "none");
  return status == UV_EBADF && !active;
}

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(1); /* nobody listens there */
  int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  connect(tcp, (struct sockaddr *)&address, sizeof address);
  int udp = socket(AF_INET, SOCK_DGRAM, 0);
  connect(udp, (struct sockaddr *)&address, sizeof address);
  send(udp, "x", 1, 0);
  int ends[2];
  if (pipe(ends)) return 1;
  close(ends[0]);
  printf("libuv %s\n", uv_version_string());
  int same = ebadf("refused TCP connect", tcp, UV_WRITABLE);
  same &= ebadf("UDP, port unreachable", udp, UV_READABLE);
  same &= ebadf("pipe without a reader", ends[1], UV_WRITABLE);
  return !same;
}
C
LD_LIBRARY_PATH="$lib" ./probe
