#!/bin/sh
# SIOCOUTQ of a Unix socket is not a number of bytes: for one unread byte it is 768.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18, x86-64.
# No more than the package python3 is needed.
#
# The usual guess: tcp(7) and udp(7) have "the number of data bytes in the local
# send queue"; on a Unix socket SIOCOUTQ is what the peer has not read, so that it
# equals the peer's FIONREAD, and 0 means that all was read.
# Seen: of the three only 0 is true. The number is the memory of the buffers, with
# their heads and rounded up; send() is limited by the same count, so that a stream
# takes 233,152 bytes at once, or 278 bytes one by one, and then says EAGAIN.
/usr/bin/python3 - <<'PYTHON'
import fcntl
import platform
import socket
import struct
import sys

SIOCOUTQ, FIONREAD = 0x5411, 0x541B


def number(sock, request):
    return struct.unpack("i", fcntl.ioctl(sock, request, bytes(4)))[0]


def queued(name, sender, receiver, data):
    sender.sendall(data)
    out, unread = number(sender, SIOCOUTQ), number(receiver, FIONREAD)
    receiver.recv(len(data))
    rest = number(sender, SIOCOUTQ)
    print(f"{name}, {len(data)} bytes: SIOCOUTQ {out}, FIONREAD {unread}, read: {rest}")
    return out > unread == len(data) and rest == 0


def taken(size):
    sender, receiver = socket.socketpair()
    sender.setblocking(False)
    sent = 0
    with sender, receiver:
        try:
            while True:
                sent += sender.send(bytes(size))
        except BlockingIOError:
            print(f"stream, {size} bytes per send(): full with {sent} bytes")
            return sent


print(f"Linux {platform.release()}, Python {platform.python_version()}")
same = True
for name, kind in ("stream", socket.SOCK_STREAM), ("datagram", socket.SOCK_DGRAM):
    for size in 1, 3000:
        same &= queued(name, *socket.socketpair(socket.AF_UNIX, kind), bytes(size))
sys.exit(not (same and taken(1) * 100 < taken(65536)))
PYTHON
