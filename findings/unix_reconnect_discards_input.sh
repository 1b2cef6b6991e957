#!/bin/sh
# connect() of a Unix datagram socket to another peer discards the datagrams that it
# has not read, and the old peer gets ECONNRESET.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: connect(2): a datagram socket "may use connect() multiple times to
# change [its] association", which is about what comes later; UDP keeps its queue.
# Seen: a second connect(), also to AF_UNSPEC, empties the queue, whoever had sent
# the datagrams; the first one does not. If the old peer was connected to the
# socket, its next send() or recv() fails with ECONNRESET, once. So a client that
# reconnects to a restarted server loses answers that had already arrived: read the
# socket empty first.
/usr/bin/python3 - <<'PYTHON'
import errno
import os
import platform
import socket
import sys
import tempfile


def attempt(call, *arguments):
    try:
        return call(*arguments)
    except TimeoutError:
        return None
    except OSError as error:
        return errno.errorcode[error.errno]


def bound(family, address):
    result = socket.socket(family, socket.SOCK_DGRAM)
    result.bind(address)
    result.settimeout(0.5)
    return result


def reconnect(family, addresses):
    client, old, new = (bound(family, address) for address in addresses)
    with client, old, new:
        old.connect(client.getsockname())
        old.send(b"first")
        client.connect(old.getsockname())
        kept = attempt(client.recv, 16)
        old.send(b"second")
        client.connect(new.getsockname())
        return kept, attempt(client.recv, 16), attempt(old.send, b"third")


print(f"Linux {platform.release()}, Python {platform.python_version()}")
with tempfile.TemporaryDirectory() as directory:
    paths = [os.path.join(directory, name) for name in ("client", "old", "new")]
    unix = reconnect(socket.AF_UNIX, paths)
udp = reconnect(socket.AF_INET, [("127.0.0.1", 0)] * 3)
for name, (first, second, send) in ("Unix", unix), ("UDP", udp):
    print(f"{name}: after the first connect() {first}, after the second {second}")
    print(f"{name}: next send() of the old peer: {send}")
sys.exit((unix, udp) != ((b"first", None, "ECONNRESET"), (b"first", b"second", 5)))
PYTHON
