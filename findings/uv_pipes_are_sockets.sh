#!/bin/sh
# A program that libuv starts with UV_CREATE_PIPE cannot open /dev/stdin or
# /dev/stdout: its pipes are sockets.
#
# Seen with libuv 1.44.2 (libuv1, libuv1-dev 1.44.2-1+deb12u1, Debian 12), and with
# uvloop, which uses it; asyncio and popen(3) are as guessed.
#
# The usual guess: UV_CREATE_PIPE creates a pipe, and a child of Node or uvloop
# behaves as behind a shell's "|".
# Seen: uv_spawn() makes a socketpair() for each. /dev/stdin is a link to the open
# file, and open() of a socket fails with ENXIO, so that `cat /dev/stdin` and
# `echo line >/dev/stdout`, usual in shell scripts and where a program insists on
# a file name, fail with "No such device or address".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libuv1=1.44.2-1+deb12u1 \
  libuv1-dev=1.44.2-1+deb12u1
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find "$dir" -name 'libuv.so.1')")
cc -Iusr/include -o probe -x c - -x none "$lib/libuv.so.1" <<'C'
#include <stdio.h>
#include <sys/wait.h>
#include <uv.h>

static char *command[] = {
    "sh", "-c", "{ echo line >/dev/stdout && cat /dev/stdin; } 2>/dev/null", NULL};
static int64_t status_of_child = -1;

static void ended(uv_process_t *process, int64_t status, int signal) {
  (void)process, (void)signal;
  status_of_child = status;
}

int main(void) {
  uv_loop_t *loop = uv_default_loop();
  uv_pipe_t in, out;
  uv_pipe_init(loop, &in, 0);
  uv_pipe_init(loop, &out, 0);
  uv_stdio_container_t stdio[] = {
      {UV_CREATE_PIPE | UV_READABLE_PIPE, {(uv_stream_t *)&in}},
      {UV_CREATE_PIPE | UV_WRITABLE_PIPE, {(uv_stream_t *)&out}}};
  uv_process_options_t options = {
      .exit_cb = ended, .file = "sh", .args = command, .stdio_count = 2, .stdio = stdio};
  uv_process_t process;
  if (uv_spawn(loop, &process, &options)) return 2;
  uv_close((uv_handle_t *)&in, NULL);
  uv_run(loop, UV_RUN_DEFAULT);

  FILE *pipe = popen("echo line | { cat /dev/stdin >/dev/stdout; }", "r");
  while (getc(pipe) != EOF) continue;
  int with_popen = WEXITSTATUS(pclose(pipe));
  printf("libuv %s: the child's status is %d; with popen(): %d\n", uv_version_string(),
         (int)status_of_child, with_popen);
  return !(status_of_child > 0 && with_popen == 0);
}
C
LD_LIBRARY_PATH="$lib" ./probe
