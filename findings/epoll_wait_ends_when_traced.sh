#!/bin/sh
# Attaching strace to a program ends its epoll_wait() with EINTR, though it
# handles no signal. poll() and select() go on.
#
# Seen with strace 6.1 (6.1-0.1, Debian 12) on Linux 6.18; needs the packages
# strace and python3.
#
# The usual guess: EINTR means that a signal handler ran (signal(7)), so a program
# without handlers need not check for it, and watching a program from outside
# changes nothing.
# Seen: the stop for the tracer ends the call. poll(), select() and nanosleep()
# are restarted by the kernel, and epoll_wait() is among those that are not, as
# after SIGSTOP and SIGCONT. A loop that takes EINTR for "a signal came, end" ends
# when someone looks.
set -eu
strace -V | head -n 1
/usr/bin/python3 - <<'PYTHON'
import ctypes, os, platform, subprocess, sys, time

print("Python", platform.python_version(), "on Linux", platform.release())
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PTRACER = 0x59616D61  # for machines with Yama
calls = {
  "epoll_wait": lambda: libc.epoll_wait(
    libc.epoll_create1(0), ctypes.create_string_buffer(12), 1, 1500),
  "poll": lambda: libc.poll(None, 0, 1500),
  "select": lambda: libc.select(0, None, None, None,
                                (ctypes.c_long * 2)(1, 500_000)),
}


def error_when_traced(call):
  child = os.fork()
  if child == 0:
    libc.prctl(PR_SET_PTRACER, ctypes.c_ulong(2**64 - 1), 0, 0, 0)
    os._exit(ctypes.get_errno() if call() < 0 else 0)
  time.sleep(0.3)
  strace = subprocess.Popen(["strace", "-o", "/dev/null", "-p", str(child)],
                            stderr=subprocess.DEVNULL)
  status = os.waitpid(child, 0)[1]
  strace.wait()
  return os.waitstatus_to_exitcode(status)


seen = {name: error_when_traced(call) for name, call in calls.items()}
for name, error in seen.items():
  print(f"{name}: {os.strerror(error) if error else 'waited to its end'}")
sys.exit([os.strerror(e) for e in seen.values()] !=
         ["Interrupted system call", "Success", "Success"])
PYTHON
