#!/bin/bash
# send() on an MPTCP connection succeeds again and again after the peer has closed its
# socket; on TCP the second one fails with EPIPE.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: IPPROTO_MPTCP in socket() is all that a program changes, as the
# manuals of MPTCP have it (newer versions of Go do it for each listener): the first
# send() after the peer's close() is answered with a reset, and then come EPIPE and
# POLLHUP, which end a server that streams to a client that has left.
# Seen: the close() of the peer is told as an end of file, and there is no reset for data
# that is sent afterwards: poll() says POLLOUT and no POLLHUP, and send() succeeds, while
# nobody can read. It fails only after net.mptcp.close_timeout (60 s), then with the
# error of TCP. A server that only writes works all the time for nobody. So watch
# for POLLRDHUP as well, or read until the end of file.
#
# Output:
#   TCP:   after close() POLLIN|POLLOUT|POLLRDHUP, after a send() also POLLHUP: True
#          10 more of send(): 0 succeed, EPIPE
#   MPTCP: after close() POLLIN|POLLOUT|POLLRDHUP, after a send() also POLLHUP: False
#          10 more of send(): 10 succeed
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
[ "$(cat /proc/sys/net/mptcp/enabled 2>/dev/null)" = 1 ] ||
  { echo "A kernel with MPTCP enabled is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import errno, platform, select, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def probe(name, protocol):
  listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
  listener.bind(("127.0.0.1", 0))
  listener.listen()
  client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
  client.connect(listener.getsockname())
  server, _ = listener.accept()

  client.close()
  poll = select.poll()
  poll.register(server, select.POLLRDHUP)
  poll.poll()  # The end of the client has arrived.
  poll.modify(server, select.POLLIN | select.POLLOUT | select.POLLRDHUP)
  (_, events), = poll.poll()
  names = "|".join(n for n in ("POLLIN", "POLLOUT", "POLLHUP", "POLLRDHUP")
                   if events & getattr(select, n))
  server.send(b"x")
  poll.modify(server, 0)
  hung_up = bool(poll.poll(1000))
  if hung_up: server.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

  succeeded, error = 0, ""
  for _ in range(10):
    try:
      succeeded += server.send(b"x")
    except OSError as e:
      error = ", " + errno.errorcode[e.errno]
  print(f"{name + ':':6} after close() {names}, after a send() also POLLHUP: {hung_up}")
  print(f"       10 more of send(): {succeeded} succeed{error}")
  return names, hung_up, succeeded, error


before = "POLLIN|POLLOUT|POLLRDHUP"
if (probe("TCP", socket.IPPROTO_TCP) != (before, True, 0, ", EPIPE")
    or probe("MPTCP", socket.IPPROTO_MPTCP) != (before, False, 10, "")):
  sys.exit("The behaviour has changed")
PYTHON
