#!/bin/sh
# rl_callback_read_char() of readline blocks until the end of a paste has arrived,
# and the event loop with it.
#
# Seen with readline 8.2 (libreadline8, libreadline-dev 8.2-1.3, Debian 12), which
# must be installed, and a C compiler.
#
# The usual guess: the callback interface is for event loops; the function "will
# read the next character from the current input source", which poll(2) reported,
# and return. A lone Escape indeed leaves it at once.
# Seen: since readline 8.1 the terminal is asked to mark a paste (bracketed paste).
# After the mark that begins it, one call reads until the mark that ends it, however
# long this takes over a slow connection. So disable enable-bracketed-paste with
# rl_variable_bind(), or read in a thread.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc -o probe -x c - -lreadline <<'C'
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <readline/readline.h>

enum { pause_ms = 700 };

static void on_line(char *line) { free(line); }

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int type(int master, const char *keys) {
  return write(master, keys, strlen(keys)) == (ssize_t)strlen(keys);
}

/* The length of the longest call, in ms, while the second part is late. */
static double longest(int master, const char *first, const char *second) {
  struct pollfd terminal = {.fd = fileno(rl_instream), .events = POLLIN};
  double length = 0;
  if (!type(master, first)) exit(1);
  if (fork() == 0) {
    usleep(pause_ms * 1000);
    _exit(!type(master, second));
  }
  while (poll(&terminal, 1, 3 * pause_ms) == 1) {
    double start = now();
    rl_callback_read_char();
    if (now() - start > length) length = now() - start;
  }
  wait(NULL);
  printf("longest call %.0f ms, line is now \"%s\"\n", length, rl_line_buffer);
  return length;
}

int main(void) {
  int master, slave;
  if (openpty(&master, &slave, NULL, NULL, NULL)) return 1;
  setenv("TERM", "xterm", 1);
  rl_instream = fdopen(slave, "r");
  rl_outstream = fopen("/dev/null", "w");
  rl_callback_handler_install("", on_line);
  printf("readline %s; the second part comes %d ms later\n", rl_library_version, pause_ms);
  int same = longest(master, "typed ", "slowly ") < pause_ms / 2.;
  same &= longest(master, "\033[200~pasted ", "slowly\033[201~") > pause_ms / 2.;
  rl_callback_handler_remove();
  return !same;
}
C
./probe
