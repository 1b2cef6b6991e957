#!/bin/sh
# libgps and lirc_client read ahead: poll() is silent while messages that have
# already been read wait in the library.
#
# Seen with libgps 3.22 (libgps28 3.22-4.1+deb12u1) and liblirc_client 0.10.1
# (liblirc-client0 0.10.1-7.2), Debian 12.
#
# The usual guess: one gps_read() or lirc_nextcode() per readable event is enough,
# as poll() reports the rest again. libgps(3) calls gps_waiting() "a convenience
# wrapper around a select(2) call".
# Seen: the first call reads all that the socket has and returns one line. Of
# three lines that arrive together, two wait for the next message. gps_waiting()
# is no such wrapper: it also looks into the buffer, so call gps_read() while
# gps_waiting(data, 0) is true. lirc_nextcode() is called until its code is NULL,
# on a descriptor with O_NONBLOCK.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libgps28=3.22-4.1+deb12u1 \
  libgps-dev=3.22-4.1+deb12u1 liblirc-client0=0.10.1-7.2 liblirc-dev=0.10.1-7.2
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'libgps.so.28')")
cc -Iusr/include -o probe -x c - -x none "$lib"/libgps.so.28 \
  "$lib"/liblirc_client.so.0 <<'C'
#include <fcntl.h>
#include <gps.h>
#include <lirc_client.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

static int readable(int fd) {
  struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
  return poll(&poll_fd, 1, 200);
}

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int gpsd = socket(AF_INET, SOCK_STREAM, 0);
  bind(gpsd, (struct sockaddr *)&address, size);
  listen(gpsd, 1);
  getsockname(gpsd, (struct sockaddr *)&address, &size);
  char port[6];
  snprintf(port, sizeof port, "%d", ntohs(address.sin_port));
  struct gps_data_t data;
  gps_open("127.0.0.1", port, &data);
  int peer = accept(gpsd, NULL, NULL);
  for (int i = 0; i < 3; ++i) dprintf(peer, "{\"class\":\"TPV\",\"mode\":1}\r\n");
  int before = readable((int)data.gps_fd);
  gps_read(&data, NULL, 0);
  int after = readable((int)data.gps_fd), more = 0;
  for (; gps_waiting(&data, 0); ++more) gps_read(&data, NULL, 0);
  printf("libgps:  readable %d, after one read %d, hidden %d\n", before, after, more);
  int same = before == 1 && after == 0 && more == 2;

  struct sockaddr_un path = {AF_UNIX, "lircd"};
  int lircd = socket(AF_UNIX, SOCK_STREAM, 0);
  bind(lircd, (struct sockaddr *)&path, sizeof path);
  listen(lircd, 1);
  setenv("LIRC_SOCKET_PATH", path.sun_path, 1);
  int fd = lirc_init("probe", 0);
  peer = accept(lircd, NULL, NULL);
  for (int i = 0; i < 3; ++i) dprintf(peer, "0000 00 KEY_%d remote\n", i);
  before = readable(fd);
  char *code;
  lirc_nextcode(&code);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  for (after = readable(fd), more = 0; !lirc_nextcode(&code) && code;) ++more;
  printf("lirc:    readable %d, after one read %d, hidden %d\n", before, after, more);
  return !(same && before == 1 && after == 0 && more == 2);
}
C
LD_LIBRARY_PATH="$lib" ./probe
