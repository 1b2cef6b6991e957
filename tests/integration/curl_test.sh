#!/bin/bash
# libcurl with an event loop of ours, against a server of Python's.
. tests/integration/integration.sh
need python3 python3
build curl libcurl libcurl4-openssl-dev

cat > "$scratch/server.py" <<'END'
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"page " + self.path.encode())

    def log_message(self, *arguments):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 100

server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
END
exec {lines}< <(exec python3 "$scratch/server.py")
server=$!
read -ru "$lines" port

expect "$scratch/curl" "http://127.0.0.1:$port" <<'END'
refused: 1
the page: 60
timed out: 1
numbers were used again: yes
in the README: yes
END
