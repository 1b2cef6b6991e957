#!/bin/sh
# close() of a socket with SO_LINGER blocks for the whole linger time although the
# socket is O_NONBLOCK.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: no call on an O_NONBLOCK descriptor waits. And socket(7) says
# of SO_LINGER: "a close(2) or shutdown(2) will not return until all queued
# messages have been sent", so a shutdown() first waits as well, if any does.
# Seen: shutdown() returns at once. close() waits until the peer has taken the data
# or the time is over, whatever O_NONBLOCK says, and reports no error when data
# are left. In an event loop all other connections wait with it. An accepted
# socket inherits SO_LINGER from its TCP listener.
exec /usr/bin/python3 - <<'PYTHON'
import platform, socket, struct, sys, time

print("Python", platform.python_version(), "on Linux", platform.release())
server = socket.create_server(("127.0.0.1", 0))
server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 1))
reader = socket.socket()
reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
reader.connect(server.getsockname())
writer, _ = server.accept()
writer.setblocking(False)
try:
  while True:
    writer.send(bytes(65536))
except BlockingIOError:
  pass


def seconds(call):
  start = time.monotonic()
  call()
  return time.monotonic() - start


shutdown = seconds(lambda: writer.shutdown(socket.SHUT_WR))
close = seconds(writer.close)
print(f"shutdown() took {shutdown:.2f} s, close() {close:.2f} s of 1 s to linger")
sys.exit(not shutdown < .5 < .9 < close)
PYTHON
