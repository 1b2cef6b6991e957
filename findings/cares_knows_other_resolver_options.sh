#!/bin/sh
# c-ares does not know the options "timeout:" and "attempts:" of resolv.conf(5). It
# knows "retrans:" and "retry:" in their place, the former in milliseconds.
#
# Seen with c-ares 1.18.1 (libc-ares2, libc-ares-dev 1.18.1-3, Debian 12).
#
# The usual guess: ares_init() follows resolv.conf as the resolver of glibc does;
# ares_init_options(3) refers to resolv.conf(5), where the two have these names.
# Seen: "ndots:" and "rotate" are obeyed, while "timeout:1 attempts:2" is skipped
# without an error, in the file and in RES_OPTIONS. So a lookup waits 5 seconds
# and asks 4 times where getaddrinfo() waits 1 second and asks twice; and
# "retrans:2", seconds elsewhere, gives up on a server after 2 ms.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libc-ares2=1.18.1-3 \
  libc-ares-dev=1.18.1-3
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find . -name 'libcares.so.2')")
cc -Iusr/include -o probe -x c - -x none "$lib/libcares.so.2" <<'C'
#include <ares.h>
#include <stdio.h>
#include <string.h>

static int is(const char *line, int timeout, int tries, int ndots) {
  FILE *file = fopen("resolv.conf", "w");
  fprintf(file, "nameserver 127.0.0.1\noptions %s\n", line);
  fclose(file);
  struct ares_options given, used;
  memset(&given, 0, sizeof given);
  given.resolvconf_path = (char *)"resolv.conf";
  ares_channel channel;
  int mask = 0;
  ares_init_options(&channel, &given, ARES_OPT_RESOLVCONF);
  ares_save_options(channel, &used, &mask);
  printf("%-28s wait %d ms, %d tries, ndots %d\n", line, used.timeout, used.tries,
         used.ndots);
  int same = used.timeout == timeout && used.tries == tries && used.ndots == ndots;
  ares_destroy_options(&used);
  ares_destroy(channel);
  return same;
}

int main(void) {
  ares_library_init(ARES_LIB_INIT_ALL);
  printf("c-ares %s\n", ares_version(NULL));
  int same = is("ndots:3", 5000, 4, 3);
  same &= is("timeout:1 attempts:2 ndots:3", 5000, 4, 3);
  same &= is("retrans:2 retry:2 ndots:3", 2, 2, 3);
  return !same;
}
C
LD_LIBRARY_PATH="$lib" ./probe
