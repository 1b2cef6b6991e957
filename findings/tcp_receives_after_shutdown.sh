#!/bin/sh
# A TCP socket after shutdown(SHUT_RD) says "end of file", and later has data.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No
# more than the package python3 is needed.
#
# The usual guess: shutdown(2), "further receptions will be disallowed": recv()
# returns nothing from now on, and the peer's data are dropped or refused, as
# with a unix socket, whose peer gets EPIPE.
# Seen: recv() returns b"" only while nothing is queued. Data that come later are
# acknowledged and read as usual, and then recv() returns b"" again, so that 0
# bytes are not the last answer. The peer notices nothing.
/usr/bin/python3 - <<'PYTHON'
import platform, socket, sys, time

print("Python", platform.python_version(), "on Linux", platform.release())
listener = socket.create_server(("127.0.0.1", 0))
peer = socket.create_connection(listener.getsockname())
tcp, _ = listener.accept()
tcp.shutdown(socket.SHUT_RD)
tcp_reads = [tcp.recv(10)]
for data in b"one", b"two":
  peer.sendall(data)
  time.sleep(0.1)
  tcp_reads.append(tcp.recv(10))
tcp_reads.append(tcp.recv(10))

ours, other = socket.socketpair()
ours.shutdown(socket.SHUT_RD)
try:
  unix = other.send(b"one")
except BrokenPipeError:
  unix = "EPIPE"
print("TCP: recv() returns", tcp_reads)
print("unix: the peer's send() says", unix)
sys.exit(tcp_reads != [b"", b"one", b"two", b""] or unix != "EPIPE")
PYTHON
