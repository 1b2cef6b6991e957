#!/bin/sh
# libmosquitto calls on_publish and on_disconnect from inside
# mosquitto_publish() and mosquitto_disconnect(), not from the loop functions.
#
# Seen with libmosquitto 2.0.11 (libmosquitto1 2.0.11-1.2+deb12u2, Debian 12).
#
# The usual guess, from mosquitto.h: on_disconnect comes "when the broker has
# received the DISCONNECT command and has disconnected the client", so a foreign
# loop sees it during mosquitto_loop_read() or mosquitto_loop_misc().
# Seen: a publish of QoS 0 is written at once, and on_publish runs before the call
# returns. mosquitto_disconnect() writes, closes the socket without waiting for
# the broker, and runs on_disconnect; the number that the loop watches is closed
# (mosquitto_socket() is -1) before the call returns. But in a callback,
# mosquitto_publish() only queues: then ask mosquitto_want_write() again.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libmosquitto1=2.0.11-1.2+deb12u2 \
  libmosquitto-dev=2.0.11-1.2+deb12u2
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'libmosquitto.so.1')")
cc -Iusr/include -o probe -x c - -x none "$lib/libmosquitto.so.1" <<'C'
#include <mosquitto.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int inside, published, disconnected, queued;
static struct mosquitto *client;

static void on_connect(struct mosquitto *m, void *data, int code) {
  (void)data, (void)code;
  mosquitto_publish(m, NULL, "topic", 1, "x", 0, false);
  queued = mosquitto_want_write(m);
}
static void on_publish(struct mosquitto *m, void *data, int id) {
  (void)m, (void)data, (void)id;
  published += inside;
}
static void on_disconnect(struct mosquitto *m, void *data, int code) {
  (void)data, (void)code;
  disconnected += inside && mosquitto_socket(m) == -1;
}

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  bind(listener, (struct sockaddr *)&address, size);
  listen(listener, 1);
  getsockname(listener, (struct sockaddr *)&address, &size);
  mosquitto_lib_init();
  client = mosquitto_new("probe", true, NULL);
  mosquitto_connect_callback_set(client, on_connect);
  mosquitto_publish_callback_set(client, on_publish);
  mosquitto_disconnect_callback_set(client, on_disconnect);
  mosquitto_connect(client, "127.0.0.1", ntohs(address.sin_port), 60);
  int broker = accept(listener, NULL, NULL); /* reads nothing, as slow ones do */
  if (write(broker, "\x20\x02\0\0", 4) != 4) return 1; /* CONNACK */
  mosquitto_loop_read(client, 1);
  mosquitto_loop_write(client, 1);
  inside = 1;
  mosquitto_publish(client, NULL, "topic", 1, "x", 0, false);
  mosquitto_disconnect(client);
  printf("libmosquitto %d\n", mosquitto_lib_version(NULL, NULL, NULL));
  printf("in on_connect: publish queued %d\n", queued);
  printf("on_publish inside publish: %d\n", published);
  printf("on_disconnect inside disconnect: %d\n", disconnected);
  return !(queued && published == 1 && disconnected);
}
C
LD_LIBRARY_PATH="$lib" ./probe
