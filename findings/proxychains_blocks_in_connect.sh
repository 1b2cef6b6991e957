#!/bin/bash
# connect() of a non-blocking socket blocks under proxychains and torsocks until the
# proxy has made the connection.
#
# Seen with proxychains-ng 4.16 (libproxychains4 4.16-2), torsocks 2.4.0 (torsocks
# 2.4.0-1) and CPython 3.11.2 (python3 3.11.2-1+b1, which is needed), Debian 12.
#
# The usual guess: connect() says EINPROGRESS and the socket becomes writable when
# the connection is there; the manual pages name no exception.
# Seen: the libraries replace connect(), talk to the proxy inside it and return 0,
# although O_NONBLOCK is set before and afterwards. Meanwhile the event loop stands still:
# no other connection is served, no timer runs, and no time-out of the program's own ends
# the wait; connections that are meant to be made side by side are made one after
# another. Call connect() in a thread if the program is to run under these tools.
#
# Output:
#   proxychains: connect() 0, returned after the proxy's answer; O_NONBLOCK
#   torsocks:    connect() 0, returned after the proxy's answer; O_NONBLOCK
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download \
  libproxychains4=4.16-2 torsocks=2.4.0-1 ||
  { echo "libproxychains4 4.16-2 or torsocks 2.4.0-1 cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
cat > client.py <<'PYTHON'
import errno, os, socket

client = socket.socket()
client.setblocking(False)
result = errno.errorcode.get(client.connect_ex(("192.0.2.1", 80)), "0")
flag = "" if os.get_blocking(client.fileno()) else "O_NONBLOCK"
print(f"{result} {flag}", end="")
PYTHON
timeout 60 /usr/bin/python3 - usr/lib/*/libproxychains.so.4 \
  usr/lib/*/torsocks/libtorsocks.so.0 <<'PYTHON'
import os, platform, select, socket, subprocess, sys

print("Python", platform.python_version(), flush=True)
proxy = socket.create_server(("127.0.0.1", 0))
port = proxy.getsockname()[1]
with open("proxychains.conf", "w") as file:
  file.write(f"strict_chain\n[ProxyList]\nsocks5 127.0.0.1 {port}\n")
with open("torsocks.conf", "w") as file:
  file.write(f"TorAddress 127.0.0.1\nTorPort {port}\n")


def outcome(name, library):
  """Runs the client, and lets the proxy answer half a second after its request."""
  environment = dict(os.environ, LD_PRELOAD=os.path.abspath(library),
                     PROXYCHAINS_QUIET_MODE="1",
                     PROXYCHAINS_CONF_FILE=os.path.abspath("proxychains.conf"),
                     TORSOCKS_CONF_FILE=os.path.abspath("torsocks.conf"))
  client = subprocess.Popen(["/usr/bin/python3", "client.py"], stdout=subprocess.PIPE,
                            env=environment)
  connection = proxy.accept()[0]
  connection.recv(100)
  connection.sendall(b"\5\0")  # SOCKS 5, no password
  connection.recv(100)  # the address
  early = bool(select.select([client.stdout], [], [], 0.5)[0])
  connection.sendall(b"\5\0\0\1" + bytes(6))  # connected
  result, flag = client.communicate()[0].decode().split(" ")
  text = (f"connect() {result}, returned {'before' if early else 'after'} the proxy's "
          f"answer; {flag or 'no O_NONBLOCK'}")
  print(f"{name + ':':12} {text}", flush=True)
  return text == "connect() 0, returned after the proxy's answer; O_NONBLOCK"


same = outcome("proxychains", sys.argv[1])
same &= outcome("torsocks", sys.argv[2])
if not same:
  sys.exit("The behaviour has changed")
PYTHON
