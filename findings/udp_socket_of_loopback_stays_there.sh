#!/bin/bash
# A UDP socket that was connected to 127.0.0.1 cannot be connected to another machine:
# EINVAL. If it is disconnected in between, it loses the port it was bound to.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. The packages
# python3, iproute2 and util-linux are needed, and root, for a network of its own.
#
# The usual guess: connect(2): a datagram socket "may use connect() multiple times to
# change [its] association", and connect() to AF_UNSPEC dissolves it, which leaves the
# socket as it was after bind().
# Seen: the first connect() also chooses the local address, and the next one keeps it:
# 127.0.0.1, from which nothing leaves the machine. A resolver that asks 127.0.0.53
# first, and then another server through the same socket, fails. AF_UNSPEC takes the
# local address away, and the port too unless bind() had named it: a port that bind()
# chose for port 0, and that was told to a peer, is lost (__udp_disconnect() in the
# kernel). Use one socket per server, or sendto() without connect().
#
# Output:
#   no bind():     ('127.0.0.1', PORT), EINVAL; AF_UNSPEC: ('0.0.0.0', 0), connected
#   bind() to 0:   ('127.0.0.1', PORT), EINVAL; AF_UNSPEC: ('0.0.0.0', 0), connected
#   bind() to PORT:('127.0.0.1', PORT), EINVAL; AF_UNSPEC: ('0.0.0.0', PORT), connected
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
command -v ip unshare >/dev/null || { echo "iproute2 and util-linux are needed"; exit 2; }
unshare -n true || { echo "Root is needed"; exit 2; }
unshare -n bash -eu <<'NETWORK'
ip link set lo up
ip link add name near type veth peer name far || exit 2
ip address add 192.0.2.1/24 dev near
ip link set near up
ip link set far up
/usr/bin/python3 - <<'PYTHON'
import ctypes, errno, os, platform, socket, struct, sys

print("Python", platform.python_version(), "on Linux", platform.release())
libc = ctypes.CDLL(None, use_errno=True)
elsewhere = ("192.0.2.7", 53)


def connect(client, address):
  code = client.connect_ex(address)
  return errno.errorcode[code] if code else "connected"


def disconnect(client):
  if libc.connect(client.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16):
    sys.exit(f"connect() to AF_UNSPEC: {os.strerror(ctypes.get_errno())}")


def probe(name, port):
  client = socket.socket(type=socket.SOCK_DGRAM)
  if port is not None:
    client.bind(("0.0.0.0", port))
  client.connect(("127.0.0.1", 53))
  first = client.getsockname()
  again = connect(client, elsewhere)
  disconnect(client)
  then = client.getsockname()
  after = connect(client, elsewhere)
  number = str(first[1])
  print(f"{name:15}{first}, {again}; AF_UNSPEC: {then}, {after}".replace(number, "PORT"))
  return first[0], again, then[0], then[1] == first[1], after


results = (probe("no bind():", None), probe("bind() to 0:", 0),
           probe("bind() to PORT:", 5300))
if results != (
    ("127.0.0.1", "EINVAL", "0.0.0.0", False, "connected"),
    ("127.0.0.1", "EINVAL", "0.0.0.0", False, "connected"),
    ("127.0.0.1", "EINVAL", "0.0.0.0", True, "connected")):
  sys.exit("The behaviour has changed")
PYTHON
NETWORK
