#!/bin/sh
# A program that is started while hiredis, libcurl or a bufferevent of libevent is
# connected inherits the socket and keeps the connection open after they closed it.
#
# Seen with hiredis 0.14.1 (libhiredis-dev 0.14.1-3), libcurl 7.88.1
# (libcurl4-openssl-dev 7.88.1-10+deb12u15) and libevent 2.1.12 (libevent-dev
# 2.1.12-stable-8+deb12u1) of Debian 12, which must be installed, and
# a C compiler.
#
# The usual guess: all descriptors of a library are close-on-exec, as libpq's are,
# and libevent's own epoll and pipes.
# Seen: not the sockets of these three. The server gets no end of file before the
# started program ends, be it a daemon.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -D_GNU_SOURCE -o probe -x c - -lhiredis -lcurl -levent <<'C'
#include <arpa/inet.h>
#include <curl/curl.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

static int listener, server;
static pid_t child;

static void start(void) {
  char *arguments[] = {"sleep", "100", NULL}, *environment[] = {NULL};
  server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  posix_spawn(&child, "/bin/sleep", NULL, NULL, arguments, environment);
}

static int kept(const char *name) { /* asked when the library has closed */
  struct pollfd end = {.fd = server, .events = POLLRDHUP};
  int open = poll(&end, 1, 500) == 0;
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  printf("%.15s: %s\n", name, open ? "open until the child ends" : "closed");
  return open && poll(&end, 1, 60000) == 1;
}

int main(void) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  struct sockaddr *address = (struct sockaddr *)&to;
  socklen_t size = sizeof to;
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, address, size) || listen(listener, 9)) return 1;
  getsockname(listener, address, &size);

  int port = ntohs(to.sin_port);
  redisContext *redis = redisConnect("127.0.0.1", port);
  start();
  redisFree(redis);
  int same = kept("hiredis");
  CURL *curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, "http://127.0.0.1/");
  curl_easy_setopt(curl, CURLOPT_PORT, (long)port);
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_perform(curl);
  start();
  curl_easy_cleanup(curl);
  same &= kept(curl_version());
  struct event_base *base = event_base_new();
  struct bufferevent *event = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_socket_connect(event, address, size);
  start();
  bufferevent_free(event);
  event_base_free(base); /* closes the socket at the latest */
  return !(kept("libevent") && same);
}
C
./probe
