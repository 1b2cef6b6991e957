#!/bin/sh
# close() of a socket sends nothing to the peer while another thread is inside
# poll() or select() with that number.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No
# more than the package python3 is needed.
#
# The usual guess: the last descriptor is closed, so the connection ends now, and
# the other thread may not notice; close(2) warns only of calls that read or write.
# Seen: poll() and select() hold the open file until they return. The peer sees
# the end of the connection only then, possibly never: a loop that waits without
# a time-out keeps it open. epoll_wait() holds nothing, and the peer is told at
# once. So a program can work with epoll and hang with poll.
/usr/bin/python3 - <<'PYTHON'
import os, platform, select, socket, sys, threading, time

print("Python", platform.python_version(), "on Linux", platform.release())


def wait_with_poll(fd):
  poll = select.poll()
  poll.register(fd, select.POLLIN)
  poll.poll(1000)


def wait_with_select(fd):
  select.select([fd], [], [], 1)


def wait_with_epoll(fd):
  epoll = select.epoll()
  epoll.register(fd, select.EPOLLIN)
  epoll.poll(1)


def peer_is_told_before_the_wait_ends(wait):
  listener = socket.create_server(("127.0.0.1", 0))
  fd = socket.create_connection(listener.getsockname()).detach()
  peer, _ = listener.accept()
  thread = threading.Thread(target=wait, args=[fd])
  thread.start()
  time.sleep(0.2)
  os.close(fd)
  assert peer.recv(1) == b""
  told = thread.is_alive()
  thread.join()
  return told


waits = wait_with_poll, wait_with_select, wait_with_epoll
seen = []
for wait in waits:
  start = time.monotonic()
  seen.append(peer_is_told_before_the_wait_ends(wait))
  print(f"{wait.__name__}: peer sees the end",
        "at close()" if seen[-1] else "when the wait is over")
sys.exit(seen != [False, False, True])
PYTHON
