#!/bin/sh
# FIONREAD of a Unix SOCK_SEQPACKET socket is the sum of all queued messages, not
# the length of the next one.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: as for datagrams, where it is the length of the next message
# (udp(7); unix(7) leaves out SOCK_SEQPACKET), so it sizes the buffer, and a recv()
# that returns less has met a truncated message or the end.
# Seen: 8 for two messages of 5 and 3 bytes, 5 for the same datagrams. The length of
# the next message is the result of recv(MSG_PEEK | MSG_TRUNC), for both.
exec /usr/bin/python3 - <<'PYTHON'
import array, fcntl, platform, socket, sys, termios

print("Python", platform.python_version(), "on Linux", platform.release())


def lengths(kind):
  sender, receiver = socket.socketpair(socket.AF_UNIX, kind)
  sender.send(b"12345")
  sender.send(b"123")
  waiting = array.array("i", [0])
  fcntl.ioctl(receiver, termios.FIONREAD, waiting)
  peek = socket.MSG_PEEK | socket.MSG_TRUNC
  return waiting[0], receiver.recv_into(bytearray(1), 1, peek)


packets, datagrams = lengths(socket.SOCK_SEQPACKET), lengths(socket.SOCK_DGRAM)
print("messages of 5 and 3 bytes, FIONREAD and MSG_PEEK | MSG_TRUNC:")
print("SOCK_SEQPACKET", packets, "SOCK_DGRAM", datagrams)
sys.exit((packets, datagrams) != ((8, 5), (5, 5)))
PYTHON
