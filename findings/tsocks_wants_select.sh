#!/bin/bash
# Under tsocks, epoll calls a connecting socket writable before anything was said to the
# SOCKS server, which then gets the program's data in place of a request.
#
# Seen with tsocks 1.8beta5 (tsocks 1.8beta5+ds1-1+b3, Debian 12) and CPython 3.11.2
# (python3 3.11.2-1+b1), which is needed.
#
# The usual guess: tsocks(8) "does work with non blocking sockets", so that a socket is
# writable for an event loop once the SOCKS server has made the connection.
# Seen: connect() begins to connect to the SOCKS server and says EINPROGRESS; the rest
# is done inside select() and poll(), which the library replaces; epoll_wait() is not
# among them. So epoll tells of the connection to the SOCKS server, SO_ERROR is 0, and
# what the program then sends is taken for SOCKS, and refused. poll() does the rest, but
# ends without an event, after its full time-out, and tells in the next call. A program
# with an event loop needs one that uses select(), or must speak SOCKS itself.
#
# Output:
#   select: EINPROGRESS, told True, SO_ERROR 0; the server got b'\x05\x02\x00\x02'
#   poll:   the same with "told False, then True"
#   epoll:  EINPROGRESS, told True, SO_ERROR 0; the server got b'hello'
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download tsocks=1.8beta5+ds1-1+b3 ||
  { echo "tsocks 1.8beta5+ds1-1+b3 cannot be downloaded"; exit 2; }
dpkg -x tsocks_*.deb .
cat > client.py <<'PYTHON'
import errno, select, socket, sys

client = socket.socket()
client.setblocking(False)
result = errno.errorcode.get(client.connect_ex(("192.0.2.1", 80)), "0")


def writable():
  if sys.argv[1] == "select":
    return bool(select.select([], [client], [], 2)[1])
  wait = getattr(select, sys.argv[1])()
  wait.register(client, select.POLLOUT)  # EPOLLOUT is the same number
  return bool(wait.poll(2000 if sys.argv[1] == "poll" else 2))


told = f"told {writable()}"
if told == "told False":
  told += f", then {writable()}"
error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
client.sendall(b"hello")
print(f"{result}, {told}, SO_ERROR {error}")
PYTHON
timeout 60 /usr/bin/python3 - usr/lib/*/libtsocks.so.1 <<'PYTHON'
import os, platform, socket, subprocess, sys, threading

print("Python", platform.python_version(), flush=True)
listener = socket.create_server(("127.0.0.1", 0))
with open("tsocks.conf", "w") as file:
  file.write("server = 127.0.0.1\nserver_type = 5\n"
             f"server_port = {listener.getsockname()[1]}\n")
first = []


def serve():
  """Accepts one client, and is a SOCKS 5 server if the client speaks that."""
  connection = listener.accept()[0]
  first.append(connection.recv(5))
  if first[-1].startswith(b"\5"):
    connection.sendall(b"\5\0")  # no password
    connection.recv(100)  # the address
    connection.sendall(b"\5\0\0\1" + bytes(6))  # connected
    connection.recv(100)


def outcome(wait):
  server = threading.Thread(target=serve)
  server.start()
  environment = dict(os.environ, TSOCKS_CONF_FILE=os.path.abspath("tsocks.conf"),
                     LD_PRELOAD=os.path.abspath(sys.argv[1]))
  output = subprocess.check_output(["/usr/bin/python3", "client.py", wait], text=True,
                                   env=environment)
  server.join()
  text = f"{output.strip()}; the server got {first[-1]}"
  print(f"{wait + ':':7} {text}", flush=True)
  return text


greeting = r"the server got b'\x05\x02\x00\x02'"
same = outcome("select") == f"EINPROGRESS, told True, SO_ERROR 0; {greeting}"
same &= outcome("poll") == f"EINPROGRESS, told False, then True, SO_ERROR 0; {greeting}"
same &= outcome("epoll") == "EINPROGRESS, told True, SO_ERROR 0; the server got b'hello'"
if not same:
  sys.exit("The behaviour has changed")
PYTHON
