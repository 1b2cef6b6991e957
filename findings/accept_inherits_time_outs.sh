#!/bin/sh
# SO_RCVTIMEO and SO_SNDTIMEO of a TCP listener also hold for the connections that
# it accepts; those of a Unix listener do not.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: the time-out is for accept(), as socket(7) has it for calls on
# this socket; accept(2) says only that flags such as O_NONBLOCK are not inherited.
# Seen: a TCP connection is a copy of its listener, with its time-outs, and every
# blocking read ends with EAGAIN after what was the accept time-out. The copy
# is made when the client connects: a connection that waits in the queue keeps the
# old time-out if the listener's is changed before accept().
/usr/bin/python3 - <<'PYTHON'
import os
import platform
import socket
import struct
import sys
import tempfile

TIME_OUT = struct.pack("ll", 7, 0)  # seconds, microseconds


def accepted(family, address, before):
    """Return the time-outs of a connection, in seconds."""
    with socket.socket(family) as listener, socket.socket(family) as client:

        def set_time_outs():
            for option in socket.SO_RCVTIMEO, socket.SO_SNDTIMEO:
                listener.setsockopt(socket.SOL_SOCKET, option, TIME_OUT)

        listener.bind(address)
        listener.listen()
        if before:
            set_time_outs()
        client.connect(listener.getsockname())
        if not before:
            set_time_outs()
        with listener.accept()[0] as server:
            return [
                struct.unpack("ll", server.getsockopt(socket.SOL_SOCKET, option, 16))[0]
                for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO)
            ]


print(f"Linux {platform.release()}, Python {platform.python_version()}")
seen = []
with tempfile.TemporaryDirectory() as directory:
    for name, family, address in (
        ("TCP", socket.AF_INET, ("127.0.0.1", 0)),
        ("Unix", socket.AF_UNIX, os.path.join(directory, "socket")),
    ):
        for before in True, False:
            result = accepted(family, address, before)
            when = "before" if before else "after"
            print(f"{name}, 7 s set {when} the client connected: {result}")
            seen.append(result)
            if family == socket.AF_UNIX:
                os.unlink(address)
sys.exit(seen != [[7, 7], [0, 0], [0, 0], [0, 0]])
PYTHON
