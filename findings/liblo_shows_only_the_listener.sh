#!/bin/bash
# lo_server_get_socket_fd() of a liblo server over TCP returns the listening socket alone:
# poll() tells of the first message of each client, and of no later one.
#
# Seen with liblo 0.31 (liblo7, liblo-dev 0.31-1, Debian 12). A C compiler is needed.
#
# The usual guess: lo_lowlevel.h: the function returns the descriptor for select() or
# poll() if the protocol supports that, "otherwise, it returns -1". It returns a number
# for TCP, so this one, as with UDP, is readable when a message has come.
# Seen: a server over TCP has a socket per client, for which there is no function. The
# listener is readable when a client connects, and lo_server_recv_noblock() then also
# reads its first message. The messages after it lie in the client's socket: a call would
# dispatch them, but nothing wakes the loop to make it. A test with one message
# passes. Over TCP call lo_server_recv_noblock() from a timer, or use a thread.
#
# Output: poll() before each of three messages is received, and the number received
#   UDP: poll 1 received 1, poll 1 received 2, poll 1 received 3
#   TCP: poll 1 received 1, poll 0 received 2, poll 0 received 3
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download liblo7=0.31-1 liblo-dev=0.31-1 ||
  { echo "liblo 0.31-1 cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name liblo.so.7)")
cc -Iusr/include -o probe -x c - -x none "$lib/liblo.so.7" <<'C'
#include <lo/lo.h>
#include <poll.h>
#include <stdio.h>

static int received;

static int on_message(const char *path, const char *types, lo_arg **arguments, int number,
                      lo_message message, void *data) {
  (void)path, (void)types, (void)arguments, (void)number, (void)message, (void)data;
  ++received;
  return 0;
}

/* Returns the number of three messages of which poll() tells. */
static int told(const char *name, int protocol) {
  lo_server server = lo_server_new_with_proto(NULL, protocol, NULL);
  if (!server) return -1;
  lo_server_add_method(server, NULL, NULL, on_message, NULL);
  char port[10];
  snprintf(port, sizeof port, "%d", lo_server_get_port(server));
  lo_address address = lo_address_new_with_proto(protocol, "localhost", port);
  struct pollfd entry = {.fd = lo_server_get_socket_fd(server), .events = POLLIN};
  int result = 0;
  received = 0;
  printf("%s:", name);
  for (int i = 0; i < 3; ++i) {
    if (lo_send(address, "/message", "i", i) < 0) return -1;
    int ready = poll(&entry, 1, 500);
    result += ready;
    for (int tries = 0; received == i && tries < 100; ++tries)
      if (!lo_server_recv_noblock(server, 0)) poll(NULL, 0, 10);
    printf("%s poll %d received %d", i ? "," : "", ready, received);
  }
  puts("");
  lo_address_free(address);
  lo_server_free(server);
  return received == 3 ? result : -1;
}

int main(void) {
  char version[20];
  lo_version(version, sizeof version, NULL, NULL, NULL, 0, NULL, NULL, NULL);
  printf("liblo %s\n", version);
  int with_udp = told("UDP", LO_UDP), with_tcp = told("TCP", LO_TCP);
  return !(with_udp == 3 && with_tcp == 1);
}
C
LD_LIBRARY_PATH="$lib" ./probe || { echo "The behaviour has changed"; exit 1; }
