#!/bin/bash
# The first ub_resolve_async() of a libunbound context forks the program, and the child
# keeps each connection that was open then from ending until the context is deleted.
#
# Seen with libunbound 1.17.1 (libunbound8, libunbound-dev 1.17.1-2+deb12u4, Debian 12)
# on Linux 6.18. A C compiler is needed.
#
# The usual guess: a library with a descriptor for the event loop, ub_fd(), asks through
# sockets of its own; or its child holds no more than the library's descriptors.
# Seen: unless ub_ctx_async() has asked for a thread, the resolver is a fork() of the
# whole program. It executes no other program, so that close-on-exec does not help, and it
# closes nothing. Peers that are connected when the first name is looked up get no end of
# file after close(), listeners stay bound, and pipes have no end. waitpid(-1) sees a
# child that the program did not start, so that a loop that waits until all children have
# ended does not return. libunbound(3) has "a process is forked" under ub_ctx_async(), and
# not that this is the default. Call ub_ctx_async(context, 1), or look up a name before
# anything is open; shutdown() ends a connection in spite of the child.
#
# Output, after the answer:
#   default: another child: yes; peer after close(): nothing; after ub_ctx_delete(): end
#   thread:  another child: no; peer after close(): end; after ub_ctx_delete(): end
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libunbound8=1.17.1-2+deb12u4 \
  libunbound-dev=1.17.1-2+deb12u4 libevent-2.1-7 libhogweed6 libnettle8 libgmp10 ||
  { echo "libunbound 1.17.1-2+deb12u4 cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name libunbound.so.8)")
cc -Iusr/include -Wl,-rpath-link,"$lib" -o probe -x c - \
  -x none "$lib/libunbound.so.8" <<'C'
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unbound.h>
#include <unistd.h>

static int answers;

static void on_answer(void *data, int error, struct ub_result *result) {
  (void)data;
  answers += error == 0 && result->havedata;
  ub_resolve_free(result);
}

/* Returns what the peer of a connection is told within 0.3 s. */
static const char *told(int peer) {
  struct pollfd entry = {.fd = peer, .events = POLLIN};
  char byte;
  if (!poll(&entry, 1, 300)) return "nothing";
  return read(peer, &byte, 1) == 0 ? "end" : "other";
}

static int same(const char *name, int thread, const char *expected) {
  int connection[2], id;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection)) return 0;
  struct ub_ctx *context = ub_ctx_create();
  if (thread) ub_ctx_async(context, 1);
  answers = 0;
  ub_resolve_async(context, "localhost", 1, 1, NULL, on_answer, &id);
  struct pollfd entry = {.fd = ub_fd(context), .events = POLLIN};
  while (!answers && poll(&entry, 1, 10000) == 1) ub_process(context);
  const char *child = waitpid(-1, NULL, WNOHANG) == 0 ? "yes" : "no";
  close(connection[0]);
  const char *after_close = told(connection[1]);
  ub_ctx_delete(context);
  const char *after_delete = told(connection[1]);
  close(connection[1]);
  char text[200];
  snprintf(text, sizeof text,
           "another child: %s; peer after close(): %s; after ub_ctx_delete(): %s", child,
           after_close, after_delete);
  printf("%-8s %s\n", name, text);
  return answers == 1 && !strcmp(text, expected);
}

int main(void) {
  printf("libunbound %s\n", ub_version());
  fflush(stdout);
  int forked = same("default:", 0,
                    "another child: yes; peer after close(): nothing; "
                    "after ub_ctx_delete(): end");
  int threaded = same("thread:", 1,
                      "another child: no; peer after close(): end; "
                      "after ub_ctx_delete(): end");
  return !(forked && threaded);
}
C
LD_LIBRARY_PATH="$lib" timeout 60 ./probe || { echo "The behaviour has changed"; exit 1; }
