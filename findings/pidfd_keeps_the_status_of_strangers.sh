#!/bin/bash
# The exit status of a process that is no child, and that its parent has waited for
# already, can be read from a pidfd: a server learns how its client ended.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18; needs Linux
# 6.16 and no more than the package python3.
#
# The usual guess: waitid(2): the status is for the parent, once; then ECHILD. A pidfd
# of another's child is readable at its end and tells no more, and for a peer that
# has been waited for there is no pidfd at all (pidfd_open(2): ESRCH).
# Seen: PIDFD_GET_INFO (linux/pidfd.h) tells the status to every holder of a pidfd, and
# only after somebody has waited: while the process is a zombie, PIDFD_INFO_EXIT is
# missing from the answer, though the pidfd is readable; POLLHUP says that it is there.
# SO_PEERPIDFD gives a pidfd even of a client that was gone before accept(). So a loop
# whose child was waited for by somebody else (or by SIG_IGN for SIGCHLD) need not
# invent a status, as asyncio does with 255. It has to wait for POLLHUP, not POLLIN.
#
# Output:
#   child, zombie:      POLLIN, no status
#   child, waited for:  POLLIN|POLLHUP, status 7
#   child, SIG_IGN:     POLLHUP, status 8
#   client of a server: POLLIN|POLLHUP, status 42
#   pidfd_open() of the client's number: ESRCH
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import errno, fcntl, os, platform, select, signal, socket, struct, sys

print("Python", platform.python_version(), "on Linux", platform.release())
if tuple(map(int, platform.release().split(".")[:2])) < (6, 16):
  print("Linux 6.16 or newer is needed")
  sys.exit(2)
SO_PEERPIDFD, PIDFD_GET_INFO, PIDFD_INFO_EXIT = 77, 0xc040ff0b, 8


def end(name, pidfd, events=select.POLLIN):
  """Waits for an event, then returns the events and the exit status, if it is told."""
  poll = select.poll()
  poll.register(pidfd, events)
  (_, seen), = poll.poll()
  info = bytearray(struct.pack("Q56x", PIDFD_INFO_EXIT))
  fcntl.ioctl(pidfd, PIDFD_GET_INFO, info)
  mask, status = struct.unpack("Q52xi", info)
  told = os.waitstatus_to_exitcode(status) if mask & PIDFD_INFO_EXIT else None
  names = "|".join(n for n in ("POLLIN", "POLLHUP") if seen & getattr(select, n))
  print(f"{name + ':':19} {names},", "no status" if told is None else f"status {told}")
  return names, told


def child_that_exits(status):
  child = os.fork()
  if not child: os._exit(status)
  return child


seen = []
child = child_that_exits(7)
pidfd = os.pidfd_open(child)
seen.append(end("child, zombie", pidfd))
os.waitpid(child, 0)
seen.append(end("child, waited for", pidfd))

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
go = os.pipe()
child = os.fork()
if not child:
  os.read(go[0], 1)
  os._exit(8)
pidfd = os.pidfd_open(child)
os.write(go[1], b"x")
seen.append(end("child, SIG_IGN", pidfd, 0))
signal.signal(signal.SIGCHLD, signal.SIG_DFL)

listener = socket.socket(socket.AF_UNIX)
listener.bind("")  # Linux chooses a name.
listener.listen()
starter = os.fork()
if not starter:  # The client is a child of another process, which waits for it.
  client = os.fork()
  if not client:
    socket.socket(socket.AF_UNIX).connect(listener.getsockname())
    os._exit(42)
  os.waitpid(client, 0)
  os._exit(0)
os.waitpid(starter, 0)
connection, _ = listener.accept()
pid, _, _ = struct.unpack("iII", connection.getsockopt(
    socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
seen.append(end("client of a server",
                connection.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD)))
try:
  os.pidfd_open(pid)
  opened = "succeeds"
except OSError as error:
  opened = errno.errorcode[error.errno]
print("pidfd_open() of the client's number:", opened)
if seen != [("POLLIN", None), ("POLLIN|POLLHUP", 7), ("POLLHUP", 8),
            ("POLLIN|POLLHUP", 42)] or opened != "ESRCH":
  sys.exit("The behaviour has changed")
PYTHON
