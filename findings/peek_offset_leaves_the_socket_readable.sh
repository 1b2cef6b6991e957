#!/bin/bash
# With SO_PEEK_OFF, poll(), select() and epoll call a socket readable whose data have all
# been peeked at, while recv(MSG_PEEK) fails with EAGAIN.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18; TCP needs
# Linux 6.9. No more than the package python3 is needed.
#
# The usual guess: socket(7): with SO_PEEK_OFF each peek begins where the last one ended,
# so that a program can look through a stream piece by piece. A wait then tells of data
# behind the offset, since only these can be returned.
# Seen: the waits do not know of the offset: they ask whether anything is queued. A proxy
# that peeks at a request before it passes the socket on, and has half of the request,
# is called again and again until the other half comes. On a TCP and a Unix socket
# alike, stream or datagram. Use EPOLLET, which tells of each arrival once, with the peek
# repeated until EAGAIN; or set SO_RCVLOWAT on TCP to more than was seen.
#
# Output: two peeks, then the waits, a third peek, and the edges of epoll with EPOLLET
#   Unix stream: b'hel' b'lo', poll True, select True, epoll True, EAGAIN; edges 1
#   Unix datagram: b'hel' b'lo', poll True, select True, epoll True, EAGAIN; edges 1
#   TCP: b'hel' b'lo', poll True, select True, epoll True, EAGAIN; edges 1
#   UDP: b'hel' b'lo', poll True, select True, epoll True, EAGAIN; edges 1
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import platform, select, socket, sys

SO_PEEK_OFF = 42
print("Python", platform.python_version(), "on Linux", platform.release())


def tcp_pair():
  listener = socket.create_server(("127.0.0.1", 0))
  client = socket.create_connection(listener.getsockname())
  return client, listener.accept()[0]


def udp_pair():
  receiver = socket.socket(type=socket.SOCK_DGRAM)
  receiver.bind(("127.0.0.1", 0))
  sender = socket.socket(type=socket.SOCK_DGRAM)
  sender.connect(receiver.getsockname())
  return sender, receiver


def peek(receiver):
  try:
    return receiver.recv(3, socket.MSG_PEEK | socket.MSG_DONTWAIT)
  except BlockingIOError:
    return "EAGAIN"


def probe(name, sender, receiver):
  receiver.setsockopt(socket.SOL_SOCKET, SO_PEEK_OFF, 0)
  poll, epoll, edges = select.poll(), select.epoll(), select.epoll()
  poll.register(receiver, select.POLLIN)
  epoll.register(receiver, select.EPOLLIN)
  edges.register(receiver, select.EPOLLIN | select.EPOLLET)
  sender.send(b"hello")
  number = len(edges.poll(60))
  first, second = peek(receiver), peek(receiver)
  waits = [bool(poll.poll(0)), bool(select.select([receiver], [], [], 0)[0]),
           bool(epoll.poll(0))]
  third = peek(receiver)
  number += len(edges.poll(.1))
  print(f"{name}: {first} {second}, poll {waits[0]}, select {waits[1]}, "
        f"epoll {waits[2]}, {third}; edges {number}")
  return (first, second, *waits, third, number) == (
      b"hel", b"lo", True, True, True, "EAGAIN", 1)


pairs = {"Unix stream": socket.socketpair(),
         "Unix datagram": socket.socketpair(type=socket.SOCK_DGRAM),
         "TCP": tcp_pair(), "UDP": udp_pair()}
if not all([probe(name, *pair) for name, pair in pairs.items()]):
  sys.exit("The behaviour has changed")
PYTHON
