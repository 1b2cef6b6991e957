#!/bin/sh
# libmicrohttpd closes the connection after a response that was queued in the
# first call of the handler, and drops the requests that were sent behind it.
#
# Seen with libmicrohttpd 0.9.75 (libmicrohttpd12, libmicrohttpd-dev 0.9.75-6,
# Debian 12).
#
# The usual guess: a GET has no body, so that the handler may answer at once, and
# HTTP/1.1 keeps the connection open.
# Seen: the first call comes after the headers, before the end of the request is
# known. An answer then carries "Connection: close", and of three pipelined
# requests one is answered. A handler that returns MHD_YES the first time and
# answers the second time keeps the connection. microhttpd.h does not tell.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libmicrohttpd12=0.9.75-6 \
  libmicrohttpd-dev=0.9.75-6
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find "$dir" -name 'libmicrohttpd.so.12')")
cc -Iusr/include -o probe -x c - -x none "$lib/libmicrohttpd.so.12" <<'C'
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int answers;

static enum MHD_Result handle(void *early, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *data, size_t *size, void **state) {
  (void)url, (void)method, (void)version, (void)data, (void)size;
  if (!early && !*state) {
    *state = &answers;
    return MHD_YES;
  }
  ++answers;
  struct MHD_Response *response =
      MHD_create_response_from_buffer(2, "ok", MHD_RESPMEM_PERSISTENT);
  enum MHD_Result result = MHD_queue_response(connection, 200, response);
  MHD_destroy_response(response);
  return result;
}

static int answers_of_three(void *early) {
  answers = 0;
  struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL,
                                               NULL, handle, early, MHD_OPTION_END);
  struct sockaddr_in address = {AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  address.sin_port =
      htons(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, (struct sockaddr *)&address, sizeof address)) return -1;
  const char *get = "GET / HTTP/1.1\r\nHost: here\r\n\r\n"
                    "GET / HTTP/1.1\r\nHost: here\r\n\r\n"
                    "GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
  if (write(client, get, strlen(get)) < 0) return -1;
  char reply[1000];
  while (read(client, reply, sizeof reply) > 0) continue;
  close(client);
  MHD_stop_daemon(daemon);
  return answers;
}

int main(void) {
  int early = answers_of_three("early"), late = answers_of_three(NULL);
  printf("libmicrohttpd %s: of three requests answered: %d in the first call, %d in "
         "the second\n", MHD_get_version(), early, late);
  return !(early == 1 && late == 3);
}
C
LD_LIBRARY_PATH="$lib" ./probe
