#!/bin/sh
# accept() of a connection that was reset meanwhile succeeds, with the address of
# the peer, and getpeername() of the new socket fails.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: accept(2) fails with ECONNABORTED, "a connection has been
# aborted", and a server skips it. A socket that was accepted has a peer.
# Seen: accept() returns socket and address. Then getpeername() and shutdown() say
# ENOTCONN, and the first recv() ECONNRESET. A server that asks getpeername() for
# its log, or ends each connection with shutdown(), meets these errors each time a
# client gives up early, so keep the address that accept() returns.
exec /usr/bin/python3 - <<'PYTHON'
import errno, platform, socket, struct, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def error_of(call, *arguments):
  try:
    call(*arguments)
  except OSError as error:
    return errno.errorcode[error.errno]


listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()  # Resets the connection.
accepted, (host, _) = listener.accept()
seen = (host, error_of(accepted.getpeername),
        error_of(accepted.shutdown, socket.SHUT_WR), error_of(accepted.recv, 1))
print("accept: %s, getpeername: %s, shutdown: %s, recv: %s" % seen)
sys.exit(seen != ("127.0.0.1", "ENOTCONN", "ENOTCONN", "ECONNRESET"))
PYTHON
