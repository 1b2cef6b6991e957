#!/bin/sh
# posix_spawnp() refuses an executable text without "#!", which execvp(), and thus
# a shell, find(1) and libuv, run with /bin/sh.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12) and CPython 3.11.2
# (python3 3.11.2-1+b1). No more is needed than python3 and a C compiler.
#
# The usual guess: the "p" means one thing: posix_spawn(3) sends its reader to
# execvp(3) for it, and a command that works in a terminal works in subprocess.
# Seen: ENOEXEC, "Exec format error", from posix_spawnp(), as from Python's
# subprocess (execve) and os.execvp(), which is not C's execvp(). An old script may
# thus start from one event loop's subprocesses and not from another's.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo 'exit 7' > script
chmod +x script
cc -o probe -x c - <<'C'
#include <gnu/libc-version.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(void) {
  char *command[] = {"./script", NULL};
  pid_t child;
  int status, error = posix_spawnp(&child, command[0], NULL, NULL, command, environ);
  child = fork();
  if (!child) {
    execvp(command[0], command);
    _exit(1);
  }
  waitpid(child, &status, 0);
  printf("glibc %s: posix_spawnp: %s; execvp: the script ran with status %d\n",
         gnu_get_libc_version(), strerror(error), WEXITSTATUS(status));
  return !(error == ENOEXEC && WEXITSTATUS(status) == 7);
}
C
./probe
/usr/bin/python3 - <<'PYTHON'
import errno, platform, subprocess, sys

try:
  outcome = subprocess.run("./script").returncode
except OSError as error:
  outcome = error.errno
print(f"Python {platform.python_version()}, subprocess:", outcome, "of ENOEXEC")
sys.exit(outcome != errno.ENOEXEC)
PYTHON
