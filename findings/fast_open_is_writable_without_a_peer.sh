#!/bin/bash
# With TCP_FASTOPEN_CONNECT a socket may be writable, with SO_ERROR 0, before anything was
# sent to the server, which may be down. The first connect() to a server is as usual.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. The packages
# python3, iproute2 and util-linux are needed, and root, for a network of its own.
#
# The usual guess: connect(2): POLLOUT, and then SO_ERROR 0, mean a connection, which has
# a peer. tcp(7) warns that connect() may return 0 before the SYN is sent, and that a
# blocking read() then waits forever; a loop waits for POLLOUT first and is safe.
# Seen: with a cookie of the server from an earlier connection, the SYN waits for data to
# carry, and poll() says POLLOUT at once. getpeername() says ENOTCONN. A client whose
# protocol lets the server speak first works once, in a test, and stands still from then
# on; shutdown() returns without an error and sends nothing; a pool that connects in
# advance holds nothing; of several addresses tried at once, the first "connects",
# up or down. Trust getpeername(), not SO_ERROR, or leave out the option.
#
# Output: three times connect() to one server, which accepts at once
#   connect() EINPROGRESS, POLLOUT, SO_ERROR 0, peer known, server accepts
#   connect() 0, POLLOUT, SO_ERROR 0, ENOTCONN, server waits; after a send(): accepts
#   connect() 0, POLLOUT, SO_ERROR 0, ENOTCONN, server waits; after a shutdown(): waits
#   server down: connect() 0, POLLOUT, SO_ERROR 0; send() 3, then ECONNREFUSED
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
command -v ip unshare >/dev/null || { echo "iproute2 and util-linux are needed"; exit 2; }
unshare -n true || { echo "Root is needed"; exit 2; }
unshare -n bash -eu <<'NETWORK'
ip link set lo up
echo 3 >/proc/sys/net/ipv4/tcp_fastopen  # For servers as well, in this network alone.
/usr/bin/python3 - <<'PYTHON'
import errno, platform, select, socket, sys

TCP_FASTOPEN_CONNECT = 30
print("Python", platform.python_version(), "on Linux", platform.release())
server = socket.create_server(("127.0.0.1", 0))
server.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 10)
address = server.getsockname()
lines = []


def wait(file, event, milliseconds=60000):
  poll = select.poll()
  poll.register(file, event)
  return bool(poll.poll(milliseconds))


def name(code):
  return errno.errorcode[code] if code else "0"


def connect():
  client = socket.socket()
  client.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
  client.setblocking(False)
  code = client.connect_ex(address)
  writable = "POLLOUT" if wait(client, select.POLLOUT) else "no POLLOUT"
  error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
  return client, f"connect() {name(code)}, {writable}, SO_ERROR {name(error)}"


def peer(client):
  try:
    return "peer known" if client.getpeername() == address else "another peer"
  except OSError as error:
    return name(error.errno)


def accepts():
  if not wait(server, select.POLLIN, 300):
    return "waits"
  server.accept()[0].close()
  return "accepts"


client, text = connect()
lines.append(f"{text}, {peer(client)}, server {accepts()}")
client, text = connect()
text += f", {peer(client)}, server {accepts()}; after a send(): "
client.send(b"abc")
lines.append(text + accepts())
client, text = connect()
text += f", {peer(client)}, server {accepts()}; after a shutdown(): "
client.shutdown(socket.SHUT_WR)
lines.append(text + accepts())
server.close()
client, text = connect()
text = f"server down: {text}; send() {client.send(b'abc')}, then "
wait(client, select.POLLIN)
lines.append(text + name(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)))
print("\n".join(lines))
if lines != [
    "connect() EINPROGRESS, POLLOUT, SO_ERROR 0, peer known, server accepts",
    "connect() 0, POLLOUT, SO_ERROR 0, ENOTCONN, server waits; after a send(): accepts",
    "connect() 0, POLLOUT, SO_ERROR 0, ENOTCONN, server waits; after a shutdown(): waits",
    "server down: connect() 0, POLLOUT, SO_ERROR 0; send() 3, then ECONNREFUSED"]:
  sys.exit("The behaviour has changed")
PYTHON
NETWORK
