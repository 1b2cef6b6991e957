#!/bin/sh
# Whether EPOLLET wakes the sender to a full Unix datagram socket depends on
# whose datagram the receiver takes.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No
# more than the package python3 is needed.
#
# The usual guess: when the receiver takes a datagram, whoever waits for room
# gets an edge.
# Seen: a sender that uses sendto() is woken if the datagram was its own, as
# that frees its own buffer, and not if it was another sender's. So it works
# with one sender, and with two of them one waits forever.
/usr/bin/python3 - <<'PYTHON'
import platform, select, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def is_woken(filler_is_watched):
  name = b"\0findings-%d" % filler_is_watched
  kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
  receiver = socket.socket(socket.AF_UNIX, kind)
  receiver.bind(name)
  watched, other = (socket.socket(socket.AF_UNIX, kind) for _ in range(2))
  filler = watched if filler_is_watched else other
  try:
    while True:
      filler.sendto(b"x", name)
  except BlockingIOError:
    pass
  epoll = select.epoll()
  epoll.register(watched, select.EPOLLOUT | select.EPOLLET)
  epoll.poll(0)
  receiver.recv(10)
  return bool(epoll.poll(0.1))


own, others = is_woken(True), is_woken(False)
print("its own datagram was taken:    edge =", own)
print("another sender's was taken:    edge =", others)
sys.exit((own, others) != (True, False))
PYTHON
