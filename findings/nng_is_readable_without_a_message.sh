#!/bin/sh
# The receive descriptor of an nng socket stays readable after the message it
# announced was withdrawn, while nng_recv() says NNG_EAGAIN.
#
# Seen with nng 1.5.2 (libnng1, libnng-dev 1.5.2-2, Debian 12).
#
# The usual guess: the descriptor of NNG_OPT_RECVFD is readable while there is a
# message to receive, and a reader that has read until NNG_EAGAIN may wait again.
# Seen: messages can be withdrawn: those of a subscription by unsubscribing, and a
# reply by the next request. Both leave the descriptor as it was, and NNG_EAGAIN
# does not clear it, so that an event loop calls its reader again and again until
# the next message has come and has been received.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libnng1=1.5.2-2 libnng-dev=1.5.2-2 \
  libmbedtls14=2.28.3-1 libmbedcrypto7=2.28.3-1 libmbedx509-1=2.28.3-1
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find "$dir" -name 'libnng.so.1')")
export LD_LIBRARY_PATH="$lib"
cc -Iusr/include -o probe -x c - -x none "$lib/libnng.so.1" <<'C'
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <poll.h>
#include <stdio.h>

static int readable(nng_socket socket, int milliseconds) {
  struct pollfd fd = {.events = POLLIN};
  nng_socket_get_int(socket, NNG_OPT_RECVFD, &fd.fd);
  return poll(&fd, 1, milliseconds) == 1;
}

// Returns how many of 100 reads after a report of POLLIN said NNG_EAGAIN.
static int in_vain(nng_socket socket) {
  int result = 0;
  for (int i = 0; i < 100; ++i) {
    char data[9];
    size_t size = sizeof data;
    result += readable(socket, 0) &&
              nng_recv(socket, data, &size, NNG_FLAG_NONBLOCK) == NNG_EAGAIN;
  }
  return result;
}

int main(void) {
  nng_socket publisher, subscriber, server, client;
  nng_pub0_open(&publisher), nng_sub0_open(&subscriber);
  nng_socket_set(subscriber, NNG_OPT_SUB_SUBSCRIBE, "", 0);
  nng_listen(publisher, "inproc://news", NULL, 0);
  nng_dial(subscriber, "inproc://news", NULL, 0);
  while (!readable(subscriber, 10)) nng_send(publisher, "news", 4, 0);
  nng_socket_set(subscriber, NNG_OPT_SUB_UNSUBSCRIBE, "", 0);
  int unsubscribed = in_vain(subscriber);

  char data[9];
  size_t size = sizeof data;
  nng_rep0_open(&server), nng_req0_open(&client);
  nng_listen(server, "inproc://questions", NULL, 0);
  nng_dial(client, "inproc://questions", NULL, 0);
  nng_send(client, "1st", 3, 0);
  nng_recv(server, data, &size, 0);
  nng_send(server, "reply", 5, 0);
  if (!readable(client, 10000)) return 2;
  nng_send(client, "2nd", 3, 0);
  int asked_again = in_vain(client);
  printf("nng %s: readable in vain, of 100: %d after unsubscribing, %d after a second "
         "request\n", nng_version(), unsubscribed, asked_again);
  return !(unsubscribed == 100 && asked_again == 100);
}
C
./probe
