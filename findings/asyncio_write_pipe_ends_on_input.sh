#!/bin/sh
# asyncio's connect_write_pipe() takes anything to read for the end: the
# transport closes as soon as its own descriptor is readable.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No
# more than the package python3 is needed.
#
# The usual guess: a transport for writing never asks whether there is something
# to read. The documentation takes pipes, sockets and character devices.
# Seen: the transport registers a reader to notice the end of the peer, and does
# not read. So a FIFO that is open for reading and writing (the usual way to
# open one that has no reader yet) closes itself with the first write(), and a
# socket closes when its peer sends a byte. connection_lost() gets None, as if
# the program had closed it, and a later write() is dropped without an error.
/usr/bin/python3 - <<'PYTHON'
import asyncio, os, platform, socket, sys, tempfile

print("Python", platform.python_version(), "on Linux", platform.release())


async def outcome(file, peer=None):
  lost = asyncio.get_running_loop().create_future()

  class Protocol(asyncio.BaseProtocol):
    def connection_lost(self, reason):
      lost.set_result(f"lost, {reason}")

  transport, _ = await asyncio.get_running_loop().connect_write_pipe(
    Protocol, file)
  transport.write(b"hello")
  if peer:
    peer.send(b"an answer")
  await asyncio.wait([lost], timeout=1)
  transport.write(b"again")
  return lost.result() if lost.done() else "open"


with tempfile.TemporaryDirectory() as folder:
  path = os.path.join(folder, "fifo")
  os.mkfifo(path)
  fifo = asyncio.run(outcome(open(path, "r+b", buffering=0)))
ours, peer = socket.socketpair()
sock = asyncio.run(outcome(ours, peer))
print("FIFO opened r+, after one write():", fifo)
print("socket, after its peer has sent:  ", sock)
sys.exit((fifo, sock) != ("lost, None", "lost, None"))
PYTHON
