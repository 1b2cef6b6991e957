#!/bin/sh
# A pipe of 65,536 bytes is full after 16 writes of 2,049 bytes, and after 16
# splices of one byte.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18, page
# size 4,096. No more than the package python3 is needed.
#
# The usual guess: pipe(7) gives the capacity in bytes, 65,536, which F_GETPIPE_SZ
# confirms, so about 31 messages of 2,049 bytes fit.
# Seen: the capacity is 16 slots of one page. A write of up to a page is appended
# to the last page only if all of it fits there, otherwise it takes a new page;
# a spliced byte always takes a slot of its own. The pipe then is not writable,
# and a write says EAGAIN. The smallest pipe that really keeps N messages of just
# over half a page is F_SETPIPE_SZ with N pages.
/usr/bin/python3 - <<'PYTHON'
import fcntl, os, platform, select, sys, tempfile

print("Python", platform.python_version(), "on Linux", platform.release())


def bytes_until_full(add):
  reader, writer = os.pipe()
  assert fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ) == 65536
  os.set_blocking(writer, False)
  total = 0
  try:
    while True:
      total += add(writer)
  except BlockingIOError:
    pass
  poll = select.poll()
  poll.register(writer, select.POLLOUT)
  assert poll.poll(0) == []
  os.close(reader)
  os.close(writer)
  return total


with tempfile.TemporaryFile() as file:
  file.write(b"x" * 1000)
  file.seek(0)
  seen = {
    "written, 2048 at a time": bytes_until_full(
      lambda fd: os.write(fd, b"x" * 2048)),
    "written, 2049 at a time": bytes_until_full(
      lambda fd: os.write(fd, b"x" * 2049)),
    "spliced, 1 at a time": bytes_until_full(
      lambda fd: os.splice(file.fileno(), fd, 1)),
  }
for how, total in seen.items():
  print(f"full after {total:5} bytes, {how}")
sys.exit(list(seen.values()) != [65536, 16 * 2049, 16])
PYTHON
