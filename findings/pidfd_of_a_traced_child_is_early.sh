#!/bin/bash
# The pidfd of a child that a debugger traces is readable when the child has died,
# but waitpid() of the parent says that it still runs, until the debugger has waited.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: pidfd_open(2), a pidfd is readable "when the process that it refers
# to terminates"; then waitpid() with WNOHANG returns the status, and the parent gets
# SIGCHLD. Tracing a program does not change that.
# Seen: the end of a traced child goes to the tracer first (kernel/exit.c). Until its
# waitpid(), the parent gets no SIGCHLD, waitpid() and waitid(P_PIDFD) return "nothing
# yet", and a call without WNOHANG blocks, while the pidfd is readable all the time.
# So if strace -p is suspended or slow, a loop that calls waitpid(pid, 0) for a readable
# pidfd, as asyncio's PidfdChildWatcher does, stops altogether, and one with WNOHANG
# spins. Unregister the pidfd, and ask again at SIGCHLD.
#
# Output:
#   the tracer waits later: pidfd readable, waitpid (0, 0), waitid None, SIGCHLDs 0
#   the tracer has waited: pidfd readable, waitpid gives signal 9, SIGCHLDs 1
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON' || exit
import ctypes, os, platform, select, signal, sys

print("Python", platform.python_version(), "on Linux", platform.release())
PTRACE_SEIZE, WALL = 0x4206, 0x40000000


def is_readable(fd, milliseconds):
  poll = select.poll()
  poll.register(fd, select.POLLIN)
  return bool(poll.poll(milliseconds))


child = os.fork()
if not child:
  while True: signal.pause()
pidfd = os.pidfd_open(child)

says, hears = os.pipe(), os.pipe()
tracer = os.fork()
if not tracer:
  ptrace = ctypes.CDLL(None, use_errno=True).ptrace
  ptrace.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
  os.write(says[1], b"x" if ptrace(PTRACE_SEIZE, child, None, None) == 0 else b"-")
  os.read(hears[0], 1)
  os.waitpid(child, WALL)
  os.write(says[1], b"x")
  signal.pause()
if os.read(says[0], 1) != b"x":
  os.kill(tracer, signal.SIGKILL)
  os.kill(child, signal.SIGKILL)
  print("This process may not trace its child")
  sys.exit(2)

of_child = []
signal.signal(signal.SIGCHLD, lambda *_: of_child.append(1))
os.kill(child, signal.SIGKILL)
readable = is_readable(pidfd, 60000)
early = os.waitpid(child, os.WNOHANG)
early_info = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)
signals = len(of_child)
print(f"the tracer waits later: pidfd {'' if readable else 'not '}readable, waitpid",
      f"{early}, waitid {early_info}, SIGCHLDs {signals}")

os.write(hears[1], b"x")
os.read(says[0], 1)
late = os.waitpid(child, 0)
print(f"the tracer has waited: pidfd {'' if is_readable(pidfd, 0) else 'not '}readable,",
      f"waitpid gives signal {os.WTERMSIG(late[1])}, SIGCHLDs {len(of_child)}")
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
os.kill(tracer, signal.SIGKILL)
os.waitpid(tracer, 0)
seen = readable, early, early_info, signals, late[0] == child, len(of_child)
if seen != (True, (0, 0), None, 0, True, 1): sys.exit("The behaviour has changed")
PYTHON
