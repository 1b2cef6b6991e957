#!/bin/bash
# listen() of a Unix socket after shutdown(SHUT_RD) succeeds, and each connect() to it is
# refused all the same; a TCP socket listens again.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: shutdown() stops a server for a while, which keeps its address, and
# wakes the threads that wait in accept(); listen() starts it again, as it does for
# TCP on Linux, or fails. The connections that wait in the queue fare alike.
# Seen: for TCP, shutdown() undoes listen(): what was queued is reset, accept() fails with
# EINVAL, and the next listen() makes a new queue. A Unix socket is marked as shut down
# (unix_shutdown() in net/unix/af_unix.c) and nothing takes the mark away: listen()
# returns 0, SO_ACCEPTCONN is 1, and connect() looks at the mark. What was queued is
# still accepted, after which accept() says EAGAIN, as a server without clients would,
# while poll() tells POLLRDHUP. As the mark belongs to the socket, a child that inherited
# the listener and shuts it down ends it for the parent. Bind a new socket instead.
#
# Output:
#   TCP:  shutdown: queued EINVAL, connect ECONNREFUSED; listen 0, connect 0
#   Unix: shutdown: queued accepted, connect ECONNREFUSED; listen 0, connect ECONNREFUSED
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
timeout 60 /usr/bin/python3 - <<'PYTHON'
import errno, platform, select, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def connect(server):
  return errno.errorcode.get(socket.socket(server.family).connect_ex(
      server.getsockname()), 0)


def accept(server):
  try:
    server.accept()
    return "accepted"
  except OSError as error:
    return errno.errorcode[error.errno]


def outcome(name, family, address):
  server = socket.socket(family)
  server.bind(address)
  server.listen()
  server.setblocking(False)
  client = socket.socket(family)
  client.connect(server.getsockname())
  server.shutdown(socket.SHUT_RD)
  text = f"shutdown: queued {accept(server)}, connect {connect(server)}; "
  server.listen()  # raises no exception
  text += f"listen 0, connect {connect(server)}"
  poll = select.poll()
  poll.register(server, select.POLLRDHUP)
  hung_up = bool(poll.poll(0))
  print(f"{name + ':':5} {text}")
  listens = server.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
  return text, listens, hung_up, accept(server)


tcp = outcome("TCP", socket.AF_INET, ("127.0.0.1", 0))
unix = outcome("Unix", socket.AF_UNIX, "")  # Linux chooses a path.
if tcp != ("shutdown: queued EINVAL, connect ECONNREFUSED; listen 0, connect 0", 1, False,
           "accepted"):
  sys.exit("The behaviour of TCP has changed")
if unix != ("shutdown: queued accepted, connect ECONNREFUSED; listen 0, connect "
            "ECONNREFUSED", 1, True, "EAGAIN"):
  sys.exit("The behaviour of Unix sockets has changed")
PYTHON
