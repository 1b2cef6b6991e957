#!/bin/sh
# A connected UDP socket still receives datagrams of other senders that arrived
# between bind() and connect().
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: connect(2): the address is "the only address from which
# datagrams are received", so recv() needs no check of the sender.
# Seen: the address is compared when a datagram arrives, not when it is read. What
# is queued already stays, whoever has sent it, and recv() returns it as if it
# were the peer's. asyncio's create_datagram_endpoint() with local_addr and
# remote_addr binds, then connects. So compare the address of recvfrom(), or read
# the socket empty after connect().
exec /usr/bin/python3 - <<'PYTHON'
import platform, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def udp():
  result = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
  result.bind(("127.0.0.1", 0))
  return result


ours, peer, stranger = udp(), udp(), udp()
stranger.sendto(b"before", ours.getsockname())
ours.connect(peer.getsockname())
stranger.sendto(b"after", ours.getsockname())
peer.sendto(b"peer", ours.getsockname())
messages = [ours.recv(100), ours.recv(100)]
print("received:", messages)
sys.exit(messages != [b"before", b"peer"])
PYTHON
