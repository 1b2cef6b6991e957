#!/bin/sh
# poll() calls a unix socket not writable while send() would still take twice as
# much as it has taken.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No
# more than the package python3 is needed.
#
# The usual guess: POLLOUT is missing when, and only when, send() says EAGAIN.
# Seen: a unix socket, stream or datagram, is writable up to a quarter of SO_SNDBUF
# (unix_writable() in the kernel), and TCP up to two thirds. So a program that
# polls before it sends uses a quarter of the buffer, one that sends until EAGAIN
# all of it; and after EAGAIN it is woken only when three quarters have been
# read. An answer "not writable" does not mean that the peer does not read.
/usr/bin/python3 - <<'PYTHON'
import platform, select, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())

ours, peer = socket.socketpair()
ours.setblocking(False)
poll = select.poll()
poll.register(ours, select.POLLOUT)
while_writable = after = read = 0
while poll.poll(0):
  while_writable += ours.send(b"x" * 1000)
try:
  while True:
    after += ours.send(b"x" * 1000)
except BlockingIOError:
  pass
while not poll.poll(0):
  read += len(peer.recv(1000))
print("sent while poll() said writable:", while_writable)
print("sent after that, until EAGAIN:  ", after)
print("read until writable again:      ", read)
sys.exit(not (2 * while_writable < after and read > after))
PYTHON
