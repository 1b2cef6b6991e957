#!/bin/bash
# preadv2() with RWF_NOWAIT reads from a pipe that pipe() made, and fails with EOPNOTSUPP
# for a FIFO, for the same pipe opened as /dev/stdin, and for a terminal.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: preadv2(2): RWF_NOWAIT means "do not wait for data which is not
# immediately available", whatever the file: just what a loop needs for a standard
# input that it shares with others, where O_NONBLOCK would change the file for all.
# Seen: the file must have been marked for it when it was opened (FMODE_NOWAIT in the
# kernel). pipe(), sockets, eventfd and timerfd do so; open() of a pipe, inotify and
# terminals do not. So "producer | program" works, and "program < fifo", "program
# <(producer)", which opens /dev/fd/63, and a terminal do not. For EOPNOTSUPP fall back
# to poll() and a read that may block.
#
# Output: with nothing to read, and with something
#   pipe:              EAGAIN, data
#   pipe, opened anew: EOPNOTSUPP, EOPNOTSUPP
#   FIFO:              EOPNOTSUPP, EOPNOTSUPP
#   Unix socket:       EAGAIN, data
#   terminal:          EOPNOTSUPP, EOPNOTSUPP
#   eventfd:           EAGAIN, data
#   inotify:           EOPNOTSUPP, EOPNOTSUPP
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import ctypes, errno, os, platform, select, socket, sys, tempfile

print("Python", platform.python_version(), "on Linux", platform.release())
directory = tempfile.TemporaryDirectory()
fifo = os.path.join(directory.name, "fifo")
os.mkfifo(fifo)


def read(fd):
  try:
    return "data" if os.preadv(fd, [bytearray(100)], -1, os.RWF_NOWAIT) else "end"
  except OSError as error:
    return {errno.EAGAIN: "EAGAIN", errno.EOPNOTSUPP: "EOPNOTSUPP"}[error.errno]


def probe(name, reader, write):
  results = [read(reader)]
  write()
  if not select.select([reader], [], [], 60)[0]:
    sys.exit(f"{name} is not readable")
  results.append(read(reader))
  print(f"{name + ':':18} {', '.join(results)}")
  return results


pipe, other, terminal = os.pipe(), os.pipe(), os.openpty()
again = os.open(f"/proc/self/fd/{other[0]}", os.O_RDONLY)
named = os.open(fifo, os.O_RDWR)
sockets = socket.socketpair()
event = os.eventfd(0)
inotify = ctypes.CDLL(None).inotify_init1(0)
ctypes.CDLL(None).inotify_add_watch(inotify, directory.name.encode(), 0x100)  # IN_CREATE
works, refused = ["EAGAIN", "data"], ["EOPNOTSUPP", "EOPNOTSUPP"]
results = [
    probe("pipe", pipe[0], lambda: os.write(pipe[1], b"a")) == works,
    probe("pipe, opened anew", again, lambda: os.write(other[1], b"a")) == refused,
    probe("FIFO", named, lambda: os.write(named, b"a")) == refused,
    probe("Unix socket", sockets[0].fileno(), lambda: sockets[1].send(b"a")) == works,
    probe("terminal", terminal[1], lambda: os.write(terminal[0], b"a\n")) == refused,
    probe("eventfd", event, lambda: os.eventfd_write(event, 1)) == works,
    probe("inotify", inotify, lambda: os.mkdir(fifo + "2")) == refused]
if not all(results):
  sys.exit("The behaviour has changed")
PYTHON
