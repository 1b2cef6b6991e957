#!/bin/bash
# The end of a FIFO without a writer is an event only for a descriptor that was open
# while a writer was: for others read() returns 0 at once, and poll() says nothing.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: poll(2) and select(2): ready means that read() would not block, an
# end of file included. read() of a FIFO without a writer returns 0, so it is ready.
# Seen: each open file remembers how many writers the FIFO had had when it was opened, and
# POLLHUP is missing until that number has grown (pipe_poll() in the kernel). So two
# readers of one FIFO, neither with a writer, get different answers, and read() is the
# same for both. A loop that reads once before its first wait, as one does to spare
# a system call, takes the 0 for the end and stops before the first writer has come;
# one that waits first is right, and waits for a writer.
#
# Output:
#   no writer so far:    poll [], select [], epoll [], read b''
#   a writer, idle:      poll [], select [], epoll [], read EAGAIN
#   the writer has gone: poll [16], select [3], epoll [16], read b''
#   a reader that is opened now: poll [], select [], epoll [], read b''
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkfifo fifo
/usr/bin/python3 - <<'PYTHON'
import errno, os, platform, select, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def look(name, fd):
  poll, epoll = select.poll(), select.epoll()
  poll.register(fd, select.POLLIN)
  epoll.register(fd, select.EPOLLIN)
  of_poll = [events for _, events in poll.poll(200)]
  of_select = select.select([fd], [], [], .2)[0]
  of_epoll = [events for _, events in epoll.poll(.2)]
  try:
    data = os.read(fd, 1)
  except OSError as error:
    data = errno.errorcode[error.errno]
  print(f"{name} poll {of_poll}, select {of_select}, epoll {of_epoll}, read {data}")
  return of_poll, bool(of_select), of_epoll, data


reader = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
silent_end = [], False, [], b""
same = look("no writer so far:   ", reader) == silent_end
writer = os.open("fifo", os.O_WRONLY)
same &= look("a writer, idle:     ", reader) == ([], False, [], "EAGAIN")
os.close(writer)
hung_up = [select.POLLHUP], True, [select.EPOLLHUP], b""
same &= look("the writer has gone:", reader) == hung_up
second = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
same &= look("a reader that is opened now:", second) == silent_end
if not same: sys.exit("The behaviour has changed")
PYTHON
