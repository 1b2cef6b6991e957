#!/bin/bash
# After getsockopt(SO_ERROR) or send() has reported that a TCP connection was reset,
# recv() reports a clean end of file.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: ECONNRESET is a state of the connection, so that recv() fails with it
# each time; recv(2) returns 0 "when a stream socket peer has performed an orderly
# shutdown". socket(7) has SO_ERROR clear the error, not change what recv() says.
# Seen: the error is one value that the first call takes. The rest of the data is still
# read, and then recv() returns 0. So if a loop logs SO_ERROR at EPOLLERR, or if the
# task that writes fails first, the task that reads takes a response that ends with
# the connection for complete. Keep the error with the connection, for both tasks.
#
# Output:
#   recv() comes first:     [b'half a mess', 'ECONNRESET', b'']
#   SO_ERROR is asked first (ECONNRESET): [b'half a mess', b'', b'']
#   send() fails first (ECONNRESET): [b'half a mess', b'', b'']
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import errno, platform, select, socket, struct, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def reset_connection():
  """Returns a connection with unread data that its peer has reset."""
  with socket.create_server(("127.0.0.1", 0)) as listener:
    peer = socket.create_connection(listener.getsockname())
    connection, _ = listener.accept()
  peer.send(b"half a mess")
  peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
  peer.close()
  poll = select.poll()
  poll.register(connection, 0)
  assert poll.poll() == [(connection.fileno(), select.POLLERR | select.POLLHUP)]
  return connection


def result(call, *arguments):
  try:
    return call(*arguments)
  except OSError as error:
    return errno.errorcode[error.errno]


def reads(connection):
  return [result(connection.recv, 100) for _ in range(3)]


plain = reads(reset_connection())
print("recv() comes first:    ", plain)
connection = reset_connection()
asked = errno.errorcode[connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]
after_so_error = reads(connection)
print(f"SO_ERROR is asked first ({asked}): {after_so_error}")
connection = reset_connection()
sent = result(connection.send, b"x")
after_send = reads(connection)
print(f"send() fails first ({sent}): {after_send}")
if ((plain, after_so_error, after_send, asked, sent) !=
    ([b"half a mess", "ECONNRESET", b""], [b"half a mess", b"", b""],
     [b"half a mess", b"", b""], "ECONNRESET", "ECONNRESET")):
  sys.exit("The behaviour has changed")
PYTHON
