#!/bin/sh
# With TCP_DEFER_ACCEPT, accept() also returns connections on which nothing was sent:
# clients that closed, at once, and silent ones, when the time is over.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: tcp(7): "allow a listener to be awakened only when data arrives",
# and the seconds bound "the maximum number of attempts TCP will make to complete the
# connection". So a server reads the request right after accept(), and clients that
# send none are dropped.
# Seen: the end of a client counts as data. And with the last attempt the connection is
# completed after all, and accept() returns it: a blocking recv() waits for good, one
# that does not block says EAGAIN. The seconds are rounded up to times at which
# SYN-ACK is repeated: 2 are 3, 8 are 15. Meanwhile connect() of the client succeeded.
/usr/bin/python3 - <<'PYTHON'
import platform
import select
import socket
import sys
import time

LONG = 60


def accepted(listener, time_out):
    """Return what the first recv() of a new connection gives, if there is one."""
    if not select.select([listener], [], [], time_out)[0]:
        return "no connection"
    connection = listener.accept()[0]
    connection.setblocking(False)
    with connection:
        try:
            return connection.recv(16)
        except BlockingIOError:
            return "EAGAIN"


print(f"Linux {platform.release()}, Python {platform.python_version()}")
with socket.create_server(("127.0.0.1", 0)) as listener:
    rounded = []
    for seconds in 1, 4, 8, 2:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, seconds)
        rounded.append(
            listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT))
    print("1, 4, 8 and 2 seconds are", rounded)
    address = listener.getsockname()
    with socket.create_connection(address) as client:
        client.send(b"request")
        result = [accepted(listener, LONG)]
    socket.create_connection(address).close()
    result.append(accepted(listener, LONG))
    with socket.create_connection(address) as client:
        start = time.monotonic()
        result += [accepted(listener, 0.5), accepted(listener, LONG)]
        print(f"silent client accepted after {time.monotonic() - start:.1f} s")
print("sends:", result[0], "closes:", result[1], "silent:", result[2], "then", result[3])
sys.exit((rounded, result) !=
         ([1, 7, 15, 3], [b"request", b"", "no connection", "EAGAIN"]))
PYTHON
