#!/bin/sh
# pw_loop_add_signal() blocks the signal in the calling thread, and it stays
# blocked when the source and the loop are destroyed.
#
# Seen with PipeWire 0.3.65 (libpipewire-0.3-0 0.3.65-3+deb12u1, Debian 12).
#
# The usual guess: the signal is handled by the loop while the source exists, and
# as before once it is destroyed.
# Seen: the loop reads a signalfd, for which it blocks the signal; nothing unblocks
# it. After pw_loop_destroy_source(), SIGTERM or SIGINT no longer ends the program,
# and a program that it starts inherits the blocked signal over exec.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download \
  libpipewire-0.3-0=0.3.65-3+deb12u1 libpipewire-0.3-dev=0.3.65-3+deb12u1 \
  libspa-0.2-modules=0.3.65-3+deb12u1 libspa-0.2-dev=0.3.65-3+deb12u1
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find "$dir" -name 'libpipewire-0.3.so.0')")
cc -Iusr/include/pipewire-0.3 -Iusr/include/spa-0.2 -o probe -x c - -x none \
  "$lib/libpipewire-0.3.so.0" <<'C'
#include <pipewire/pipewire.h>
#include <signal.h>

static void on_signal(void *data, int number) { (void)data, (void)number; }

static int blocked(const char *when) {
  sigset_t set;
  sigprocmask(SIG_BLOCK, NULL, &set);
  printf("%s: SIGTERM is %s\n", when,
         sigismember(&set, SIGTERM) ? "blocked" : "not blocked");
  return sigismember(&set, SIGTERM);
}

int main(void) {
  pw_init(NULL, NULL);
  printf("PipeWire %s\n", pw_get_library_version());
  struct pw_loop *loop = pw_loop_new(NULL);
  int before = blocked("before");
  struct spa_source *source = pw_loop_add_signal(loop, SIGTERM, on_signal, NULL);
  int during = blocked("with the source");
  pw_loop_destroy_source(loop, source);
  pw_loop_destroy(loop);
  int after = blocked("source and loop destroyed");
  return !(!before && during && after);
}
C
SPA_PLUGIN_DIR="$lib/spa-0.2" LD_LIBRARY_PATH="$lib" ./probe
