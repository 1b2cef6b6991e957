#!/bin/sh
# A UDP socket after shutdown(SHUT_RD) is readable forever, and has nothing to
# read: no end, no error.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No
# more than the package python3 is needed.
#
# The usual guess: recv() returns nothing, as on a TCP socket, and the reader
# unregisters; or the socket is never readable again.
# Seen: poll() says POLLIN each time. A recv() that blocks returns 0 bytes; one
# that does not says EAGAIN each time, so that an event loop calls its reader
# again and again.
/usr/bin/python3 - <<'PYTHON'
import platform, select, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.connect(receiver.getsockname())
sender.shutdown(socket.SHUT_RD)
sender.setblocking(False)
poll = select.poll()
poll.register(sender, select.POLLIN)
seen = []
for _ in range(3):
  ready = bool(poll.poll(0)) and bool(poll.poll(0)[0][1] & select.POLLIN)
  try:
    seen.append((ready, sender.recv(10)))
  except BlockingIOError:
    seen.append((ready, "EAGAIN"))
print("readable, and what recv() says:", seen)
sender.setblocking(True)
blocking = sender.recv(10)
print("recv() that blocks:", blocking)
sys.exit(seen != [(True, "EAGAIN")] * 3 or blocking != b"")
PYTHON
