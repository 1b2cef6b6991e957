#!/bin/bash
# c-ares with an event loop of ours, against a small name server.
. tests/integration/integration.sh
need python3 python3
build c_ares libcares libc-ares-dev

# Answers with 127.0.0.N, of as many letters as the first label has N. no.test does
# not exist, and silent.test gets no answer.
cat > "$scratch/server.py" <<'END'
import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    query, client = server.recvfrom(512)
    label = query[13:13 + query[12]]
    if label == b"silent":
        continue
    question = query[12:query.index(0, 12) + 5]
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0" + bytes([len(label)])
    exists = label != b"no"
    flags = b"\x81\x80" if exists else b"\x81\x83"
    counts = b"\0\1\0\1\0\0\0\0" if exists else b"\0\1\0\0\0\0\0\0"
    server.sendto(query[:2] + flags + counts + question +
                  (answer if exists else b""), client)
END
exec {lines}< <(exec python3 "$scratch/server.py")
server=$!
read -ru "$lines" port

expect "$scratch/c_ares" "127.0.0.1:$port" <<'END'
Domain name not found
four.test 127.0.0.4
one.test 127.0.0.3
two.test 127.0.0.3
three.test 127.0.0.5
2 sockets, 1 number
Timeout while contacting DNS servers
END
