#!/bin/sh
# Each recvmsg(MSG_PEEK) of a message that carries a descriptor opens one more copy
# of the descriptor.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No
# more than the package python3 is needed.
#
# The usual guess: peeking has no effect, and the descriptor is made when the
# message is received.
# Seen: every peek with room for control data installs a new number, and the real
# receive one more; the caller owns and must close all of them. A reader that
# peeks at a length until a whole message is there leaks a number per event. With
# no room for control data a peek opens nothing, and leaves the descriptor there.
/usr/bin/python3 - <<'PYTHON'
import os, platform, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())
room = socket.CMSG_SPACE(4)
ours, peer = socket.socketpair()
socket.send_fds(peer, [b"data"], [0])


def opened(*arguments):
  before = len(os.listdir("/proc/self/fd"))
  ours.recvmsg(10, *arguments)
  return len(os.listdir("/proc/self/fd")) - before


seen = [opened(0, socket.MSG_PEEK), opened(room, socket.MSG_PEEK),
        opened(room, socket.MSG_PEEK), opened(room)]
print("descriptors opened by a peek without room, two peeks, recvmsg():", seen)
sys.exit(seen != [0, 1, 1, 1])
PYTHON
