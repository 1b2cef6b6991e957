#!/bin/bash
# libcurl's multi interface asks the event loop to watch no idle connection: if the server
# closes it, the client's socket stays open, in CLOSE_WAIT, until the next transfer.
#
# Seen with libcurl 7.88.1 (libcurl4, libcurl4-openssl-dev 7.88.1-10+deb12u15, Debian
# 12). A C compiler is needed, and the libraries that libcurl4 depends on.
#
# The usual guess: the connection is kept for reuse, so the loop keeps watching it, or
# the timer of CURLMOPT_TIMERFUNCTION comes back to look after it. CURLOPT_MAXAGE_CONN
# (118 s idle) closes it at the latest. Pools of connections do so elsewhere.
# Seen: after the transfer the socket function says CURL_POLL_REMOVE and the timer
# function -1: nothing will call libcurl again. The end of the connection is noticed, and
# the maximum age compared, when another transfer begins (or the multi handle ends).
# A program that makes requests in bursts keeps up to a descriptor per connection for
# hours, and curl_multi_poll() does not wait for them either. Set CURLOPT_FORBID_REUSE
# for the last transfer of a burst.
#
# Output:
#   after the transfer: watched 0, timer -1
#   after the server closed: in CLOSE_WAIT 1, closed 0, also after 5 of perform()
#   after the next transfer began: closed 1
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=7.88.1-10+deb12u15
apt-get -q=2 -o APT::Sandbox::User=root download libcurl4=$version \
  libcurl4-openssl-dev=$version || { echo "libcurl cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
machine=$(cc -print-multiarch)
cc -Iusr/include/$machine -o probe -x c - -x none \
  -Wl,--unresolved-symbols=ignore-in-shared-libs usr/lib/$machine/libcurl.so.4 <<'C'
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int client = -1, watched, closed, running;
static long timer;

static int on_socket(CURL *easy, curl_socket_t fd, int events, void *data, void *more) {
  (void)easy, (void)data, (void)more;
  client = fd;
  watched = events == CURL_POLL_REMOVE ? 0 : events;
  return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *data) {
  (void)multi, (void)data;
  timer = milliseconds;
  return 0;
}

static int on_close(void *data, curl_socket_t fd) {
  (void)data;
  ++closed;
  return close(fd);
}

static size_t on_data(char *data, size_t size, size_t number, void *more) {
  (void)data, (void)more;
  return size * number;
}

/* Adds a transfer and runs it until it has connected, or uses a connection. */
static CURL *begin(CURLM *multi, const char *url) {
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
  curl_multi_add_handle(multi, easy);
  curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  return easy;
}

static void serve_events(CURLM *multi) {
  struct pollfd entry = {.fd = client, .events = (watched & CURL_POLL_OUT ? POLLOUT : 0) |
                                                 (watched & CURL_POLL_IN ? POLLIN : 0)};
  poll(&entry, 1, 1000);
  int events = (entry.revents & POLLIN ? CURL_CSELECT_IN : 0) |
               (entry.revents & POLLOUT ? CURL_CSELECT_OUT : 0);
  curl_multi_socket_action(multi, client, events, &running);
}

static int in_close_wait(void) {
  struct tcp_info info;
  socklen_t size = sizeof info;
  return getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         info.tcpi_state == TCP_CLOSE_WAIT;
}

int main(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (void *)&address, size) || listen(listener, 5)) return 2;
  getsockname(listener, (void *)&address, &size);
  char url[100], request[1000];
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
  printf("%s\n", curl_version());

  CURLM *multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  CURL *easy = begin(multi, url);
  int server = accept(listener, NULL, NULL);
  while (watched & CURL_POLL_OUT) serve_events(multi);
  if (read(server, request, sizeof request) <= 0) return 2;
  const char *response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  if (write(server, response, strlen(response)) < 0) return 2;
  while (running) serve_events(multi);
  curl_multi_remove_handle(multi, easy);
  curl_easy_cleanup(easy);
  int idle_watched = watched;
  long idle_timer = timer;
  printf("after the transfer: watched %d, timer %ld\n", idle_watched, idle_timer);

  close(server);
  struct pollfd end = {.fd = client, .events = POLLIN};
  poll(&end, 1, 60000);
  for (int i = 0; i < 5; ++i) {
    curl_multi_poll(multi, NULL, 0, 300, NULL);
    curl_multi_perform(multi, &running);
  }
  int half_closed = in_close_wait(), closed_then = closed;
  printf("after the server closed: in CLOSE_WAIT %d, closed %d, ", half_closed,
         closed_then);
  puts("also after 5 of perform()");

  easy = begin(multi, url);
  printf("after the next transfer began: closed %d\n", closed);
  int closed_later = closed;
  curl_multi_remove_handle(multi, easy);
  curl_easy_cleanup(easy);
  curl_multi_cleanup(multi);
  return !(idle_watched == 0 && idle_timer == -1 && half_closed && closed_then == 0 &&
           closed_later == 1);
}
C
export LD_LIBRARY_PATH=$dir/usr/lib/$machine
! ldd ./probe | grep "not found" || { echo "Packages of these are needed"; exit 2; }
./probe || { echo "The behaviour has changed"; exit 1; }
