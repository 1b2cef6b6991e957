#!/bin/sh
# An interval timerfd in an epoll with EPOLLET is reported once, and not again
# until it is read: without a read() its timer is not started again.
#
# Seen with glibc 2.36 (libc6 2.36-9+deb12u14, Debian 12) and CPython 3.11.2
# (python3 3.11.2-1+b1) on Linux 6.18. No more than the package python3 is needed.
#
# The usual guess: EPOLLET saves the read(): each expiration is a new edge, as each
# write() to an eventfd is one, and timerfd_gettime() only looks.
# Seen: one edge in all, though the interval goes on: a later read() returns the
# number of all expirations. The kernel starts the timer again when the count is
# taken. timerfd_gettime() does so as well, and thereby makes a new edge.
/usr/bin/python3 - <<'PYTHON'
import ctypes
import os
import platform
import select
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
TEN_MS = 10_000_000


def edges(fd, between):
    """Return how often epoll reports fd within 40 intervals."""
    count = 0
    with select.epoll() as epoll:
        epoll.register(fd, select.EPOLLIN | select.EPOLLET)
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            count += len(epoll.poll(0.05))
            between(fd)
    return count


def timer():
    fd = libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
    libc.timerfd_settime(fd, 0, struct.pack("4l", 0, TEN_MS, 0, TEN_MS), None)
    return fd


def gettime(fd):
    libc.timerfd_gettime(fd, ctypes.create_string_buffer(32))


eventfd = os.eventfd(0, os.EFD_NONBLOCK)
print(f"Linux {platform.release()}, Python {platform.python_version()}")
written = edges(eventfd, lambda fd: (os.eventfd_write(fd, 1), time.sleep(0.01)))
print(f"eventfd written to, never read: {written} edges")
fd = timer()
unread = edges(fd, lambda fd: None)
ticks = struct.unpack("Q", os.read(fd, 8))[0]
print(f"timerfd of 10 ms, never read: {unread} edge, then read() returns {ticks}")
asked = edges(timer(), gettime)
print(f"timerfd, timerfd_gettime() after each: {asked} edges")
sys.exit(not (written > 1 and unread == 1 and ticks > 20 and asked > 1))
PYTHON
