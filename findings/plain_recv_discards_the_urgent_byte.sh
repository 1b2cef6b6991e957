#!/bin/bash
# A recv() without flags discards an urgent (out-of-band) byte that is next in the stream,
# even when it fails with EAGAIN; recv(MSG_OOB) afterwards says EINVAL.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: tcp(7): urgent data "can be received only when the MSG_OOB flag is
# set", apart from the stream, so a loop may serve POLLIN and POLLPRI in any order,
# and a call that fails takes nothing.
# Seen: for TCP and for Unix sockets (which have urgent data since Linux 5.15) alike, the
# byte has its place in the stream, and recv() steps over it. A loop loses it if it
# serves the reader before the handler of POLLPRI, or reads until EAGAIN. Unix sockets
# even call the urgent byte alone POLLIN, and so lure the reader; after recv(MSG_OOB)
# has taken it comes one more POLLIN, with EAGAIN. Serve POLLPRI first, or set
# SO_OOBINLINE.
#
# Output:
#   TCP, urgent byte alone:  POLLPRI; recv EAGAIN, then recv(MSG_OOB) EINVAL
#   TCP, MSG_OOB first:      recv(MSG_OOB) b'!'; then no event, recv EAGAIN
#   Unix, urgent byte alone: POLLIN|POLLPRI; recv EAGAIN, then recv(MSG_OOB) EINVAL
#   Unix, MSG_OOB first:     recv(MSG_OOB) b'!'; then POLLIN, recv EAGAIN
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import errno, platform, select, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def tcp_pair():
  with socket.create_server(("127.0.0.1", 0)) as listener:
    client = socket.create_connection(listener.getsockname())
    return client, listener.accept()[0]


def result(call, *arguments):
  try:
    return call(*arguments)
  except OSError as error:
    return errno.errorcode[error.errno]


def events(reader, milliseconds):
  poll = select.poll()
  poll.register(reader, select.POLLIN | select.POLLPRI)
  seen = sum(events for _, events in poll.poll(milliseconds))
  names = "|".join(n for n in ("POLLIN", "POLLPRI") if seen & getattr(select, n))
  return names or "no event"


def probe(name, pair):
  sender, reader = pair()
  reader.setblocking(False)
  sender.send(b"!", socket.MSG_OOB)
  alone = events(reader, 60000)
  plain, late = result(reader.recv, 10), result(reader.recv, 1, socket.MSG_OOB)
  print(f"{name + ', urgent byte alone:':24} {alone}; recv {plain},",
        f"then recv(MSG_OOB) {late}")

  sender, reader = pair()
  reader.setblocking(False)
  sender.send(b"!", socket.MSG_OOB)
  events(reader, 60000)
  first, after = result(reader.recv, 1, socket.MSG_OOB), events(reader, 200)
  then = result(reader.recv, 10)
  print(f"{name + ', MSG_OOB first:':24} recv(MSG_OOB) {first};",
        f"then {after}, recv {then}")
  return alone, plain, late, first, after, then


if (probe("TCP", tcp_pair) !=
    ("POLLPRI", "EAGAIN", "EINVAL", b"!", "no event", "EAGAIN")
    or probe("Unix", socket.socketpair) !=
    ("POLLIN|POLLPRI", "EAGAIN", "EINVAL", b"!", "POLLIN", "EAGAIN")):
  sys.exit("The behaviour has changed")
PYTHON
