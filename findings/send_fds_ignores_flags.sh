#!/bin/sh
# Python's socket.send_fds() and socket.recv_fds() take flags and an address, and
# do not use them.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12). No more than the
# package python3 is needed.
#
# The usual guess: the flags have the meaning that sendmsg() and recvmsg() give
# them, as the documentation says, so that MSG_DONTWAIT never blocks an event
# loop, and MSG_PEEK leaves the message where it is.
# Seen: the functions call sendmsg() and recvmsg() without flags and address.
# MSG_DONTWAIT waits (forever without SO_RCVTIMEO), a message read with MSG_PEEK
# is gone, and the address is dropped.
/usr/bin/python3 - <<'PYTHON'
import platform, socket, struct, sys, time

print("Python", platform.python_version())


def what_happens(function, *arguments):
  try:
    return function(*arguments)
  except OSError as error:
    return type(error).__name__


def seconds(function, *arguments):
  start = time.monotonic()
  what_happens(function, *arguments)
  return time.monotonic() - start


ours, peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
half_a_second = struct.pack("ll", 0, 500_000)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, half_a_second)
recvmsg = seconds(peer.recvmsg, 10, 0, socket.MSG_DONTWAIT)
recv_fds = seconds(socket.recv_fds, peer, 10, 1, socket.MSG_DONTWAIT)
ours.send(b"message")
peeked = what_happens(socket.recv_fds, peer, 10, 1, socket.MSG_PEEK)[0]
rest = what_happens(peer.recv, 10)

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("")  # the kernel chooses an abstract name
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sent = what_happens(
  socket.send_fds, sender, [b"x"], [0], 0, receiver.getsockname())

print(f"MSG_DONTWAIT, nothing there: recvmsg() {recvmsg:.1f} s, "
      f"recv_fds() {recv_fds:.1f} s")
print("recv_fds, MSG_PEEK:", peeked, "and recv() after it:", rest)
print("send_fds to an address:", sent)
sys.exit(recvmsg > 0.4 or recv_fds < 0.4 or (peeked, rest, sent) !=
         (b"message", "BlockingIOError", "OSError"))
PYTHON
