#!/bin/sh
# A read() that returns less than it was asked for has not emptied a Unix stream
# socket if it read a message with descriptors, or if one of another process follows;
# with EPOLLET the rest is not reported.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: epoll(7): of a stream, "if read(2) returns a lower number of bytes,
# you can be sure of having exhausted the read I/O space", so that the call which
# would say EAGAIN can be saved.
# Seen: a read ends after a message with descriptors, and with SO_PASSCRED before one
# whose sender differs, although read() can return neither. All bytes came before
# the first edge, so there is no second one until more arrive. Read until EAGAIN.
/usr/bin/python3 - <<'PYTHON'
import os
import platform
import select
import socket
import sys


def plain(sender):
    sender.send(b"one ")
    sender.send(b"two")


def with_descriptor(sender):
    socket.send_fds(sender, [b"one "], [0])
    sender.send(b"two")


def two_senders(sender):
    sender.send(b"one ")
    child = os.fork()
    if child == 0:
        sender.send(b"two")
        os._exit(0)
    os.waitpid(child, 0)


def reads(send, pass_credentials=0):
    """Return the first read, the number of later events, and the second read."""
    sender, receiver = socket.socketpair()
    with sender, receiver, select.epoll() as epoll:
        receiver.setblocking(False)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, pass_credentials)
        send(sender)
        epoll.register(receiver, select.EPOLLIN | select.EPOLLET)
        epoll.poll(10)
        first = os.read(receiver.fileno(), 4096)
        events = len(epoll.poll(0.5))
        try:
            return first, events, os.read(receiver.fileno(), 4096)
        except BlockingIOError:
            return first, events, None


print(f"Linux {platform.release()}, Python {platform.python_version()}")
split = b"one ", 0, b"two"
same = True
for name, seen, expected in (
    ("two messages", reads(plain), (b"one two", 0, None)),
    ("the first with a descriptor", reads(with_descriptor), split),
    ("two senders", reads(two_senders), (b"one two", 0, None)),
    ("two senders, SO_PASSCRED", reads(two_senders, 1), split),
):
    print(f"{name}: read {seen[0]}, later events {seen[1]}, next read {seen[2]}")
    same &= seen == expected
sys.exit(not same)
PYTHON
