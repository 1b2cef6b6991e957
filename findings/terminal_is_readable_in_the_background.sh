#!/bin/bash
# poll(), select() and epoll call a terminal readable for a background process, whose
# read() fails with EIO, each time, and leaves the input where it is.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: only the foreground job may read, so for the others there is nothing to
# read, and poll() is silent; or one EIO says that the terminal has gone, with
# POLLHUP, as when its master is closed.
# Seen: the waits do not ask for the job. read() of a background process raises SIGTTIN,
# which stops it; if the signal is ignored or blocked, or if the shell that started the
# job has ended (an orphaned process group), read() fails with EIO instead, without
# POLLHUP. So a program that was put into the background, and watches its standard
# input, spins while somebody types for another program. Drop the terminal at EIO only
# until the next SIGCONT: tcgetpgrp() tells who may read.
#
# Output:
#   background: poll [1], select True, epoll [1]; read EIO, EIO; poll [1]
#   foreground: read b'hello\n'
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import errno, os, platform, select, signal, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def read(fd):
  try:
    return os.read(fd, 100)
  except OSError as error:
    return errno.errorcode[error.errno]


def background(terminal):
  """Returns what a background process sees, as text."""
  os.setpgid(0, 0)
  signal.signal(signal.SIGTTIN, signal.SIG_IGN)
  poll, epoll = select.poll(), select.epoll()
  poll.register(terminal, select.POLLIN)
  epoll.register(terminal, select.EPOLLIN)
  of_poll = [events for _, events in poll.poll(60000)]
  of_select = bool(select.select([terminal], [], [], 0)[0])
  of_epoll = [events for _, events in epoll.poll(0)]
  reads = read(terminal), read(terminal)
  after = [events for _, events in poll.poll(0)]
  return (f"background: poll {of_poll}, select {of_select}, epoll {of_epoll}; "
          f"read {', '.join(map(str, reads))}; poll {after}")


master, slave = os.openpty()
reader, writer = os.pipe()
os.write(master, b"hello\n")
leader = os.fork()
if not leader:
  os.setsid()
  terminal = os.open(os.ttyname(slave), os.O_RDWR)  # becomes the controlling terminal
  child = os.fork()
  if not child:
    os.write(writer, background(terminal).encode() + b"\n")
    os._exit(0)
  os.waitpid(child, 0)
  os.write(writer, f"foreground: read {read(terminal)}\n".encode())
  os._exit(0)
os.close(writer)
output = open(reader).read()
os.waitpid(leader, 0)
print(output, end="")
if output != ("background: poll [1], select True, epoll [1]; read EIO, EIO; poll [1]\n"
              "foreground: read b'hello\\n'\n"):
  sys.exit("The behaviour has changed")
PYTHON
