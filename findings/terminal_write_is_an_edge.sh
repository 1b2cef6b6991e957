#!/bin/sh
# With EPOLLET each write() to a terminal makes a new EPOLLOUT edge for the
# writer itself.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No
# more than the package python3 is needed.
#
# The usual guess: EPOLLOUT comes once, and again when a full buffer has got
# room, as for pipes and sockets.
# Seen: for a pipe, so. For a terminal, each write() of the program's own is
# reported, so that a handler that writes a line per event runs until the
# buffer is full.
/usr/bin/python3 - <<'PYTHON'
import os, platform, select, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def edges_of_own_writes(fd):
  epoll = select.epoll()
  epoll.register(fd, select.EPOLLOUT | select.EPOLLET)
  epoll.poll(0)
  edges = 0
  for _ in range(3):
    os.write(fd, b"x")
    edges += len(epoll.poll(0.1))
  return edges


pipe, terminal = os.pipe()[1], os.openpty()[1]
of_pipe, of_terminal = edges_of_own_writes(pipe), edges_of_own_writes(terminal)
print("edges after three writes: pipe", of_pipe, "terminal", of_terminal)
sys.exit((of_pipe, of_terminal) != (0, 3))
PYTHON
