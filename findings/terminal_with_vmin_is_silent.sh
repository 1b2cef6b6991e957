#!/bin/bash
# A terminal with VMIN 5 and 3 bytes of input is not readable for poll(), select() and
# epoll, while FIONREAD says 3 and read() with O_NONBLOCK returns all three.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: VMIN is about read() that blocks; a loop sets O_NONBLOCK, and is
# woken by each byte. termios(3) leaves open only whether O_NONBLOCK comes before VMIN.
# Seen: read() lets O_NONBLOCK come first, and the waits let VMIN come first
# (n_tty_poll() in the kernel). A serial protocol whose messages are not multiples of
# VMIN has the rest of a message lie there, with no event, until more arrives. With
# VTIME above 0, VMIN does not count for the waits, and 1 byte is readable. Set
# VMIN to 1 for an event loop.
#
# Output:
#   VMIN 1, VTIME 0: poll True, select True, epoll True, FIONREAD 3, read b'abc'
#   VMIN 5, VTIME 0: poll False, select False, epoll False, FIONREAD 3, read b'abc'
#   VMIN 5, VTIME 1: poll True, select True, epoll True, FIONREAD 3, read b'abc'
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import fcntl, os, platform, select, struct, sys, termios, tty

print("Python", platform.python_version(), "on Linux", platform.release())


def probe(vmin, vtime):
  master, slave = os.openpty()
  tty.setraw(slave)
  settings = termios.tcgetattr(slave)
  settings[6][termios.VMIN], settings[6][termios.VTIME] = vmin, vtime
  termios.tcsetattr(slave, termios.TCSANOW, settings)
  os.set_blocking(slave, False)
  os.write(master, b"abc")
  queued = 0
  while queued != 3:  # The kernel hands the bytes over in a thread of its own.
    queued, = struct.unpack("i", fcntl.ioctl(slave, termios.FIONREAD, b"\0" * 4))
  poll, epoll = select.poll(), select.epoll()
  poll.register(slave, select.POLLIN)
  epoll.register(slave, select.EPOLLIN)
  waits = (bool(poll.poll(200)), bool(select.select([slave], [], [], .2)[0]),
           bool(epoll.poll(.2)))
  data = os.read(slave, 10)
  print(f"VMIN {vmin}, VTIME {vtime}: poll {waits[0]}, select {waits[1]}, "
        f"epoll {waits[2]}, FIONREAD {queued}, read {data}")
  return set(waits) | {data}


if (probe(1, 0), probe(5, 0), probe(5, 1)) != (
    {True, b"abc"}, {False, b"abc"}, {True, b"abc"}):
  sys.exit("The behaviour has changed")
PYTHON
