#!/bin/bash
# A receiver that sets SO_PASSRIGHTS to 0 makes sendmsg() of its peer fail with EPERM,
# with the data; descriptors that were queued before still arrive.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18; needs Linux
# 6.16 and no more than the package python3.
#
# The usual guess: like SO_PASSCRED, whose name it follows, the option is a filter of
# what recvmsg() returns: descriptors are closed, MSG_CTRUNC may be set, and the
# bytes of the message arrive, as with a recvmsg() that has no room for descriptors.
# Seen: the sender's call fails, and nothing is sent; EPERM otherwise means a firewall
# or a credential that may not be claimed. A message that was queued when the option
# was set keeps its descriptors, so a server that sets it after accept() may still
# get some. A socket that is accepted has the value that its listener had when the
# client connected: set it on the listener.
#
# Output:
#   sent before:             received b'early', 1 descriptor(s)
#   sent after:              EPERM, then queued: nothing
#   without a descriptor:    received b'plain', 0 descriptor(s)
#   listener set, then connect(): EPERM; connect(), then listener set: sent
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import errno, os, platform, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())
if tuple(map(int, platform.release().split(".")[:2])) < (6, 16):
  print("Linux 6.16 or newer is needed")
  sys.exit(2)
SO_PASSRIGHTS = 83
descriptor = os.pipe()[0]


def refuse(receiver):
  receiver.setsockopt(socket.SOL_SOCKET, SO_PASSRIGHTS, 0)


def send(sender, data):
  try:
    socket.send_fds(sender, [data], [descriptor])
    return "sent"
  except OSError as error:
    return errno.errorcode[error.errno]


def received(receiver):
  data, descriptors, _, _ = socket.recv_fds(receiver, 100, 10)
  return f"received {data}, {len(descriptors)} descriptor(s)"


def through_listener(order):
  listener, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
  listener.bind("")  # Linux chooses a name.
  listener.listen()
  for step in order:
    refuse(listener) if step == "set" else client.connect(listener.getsockname())
  connection, _ = listener.accept()
  return send(client, b"x")


sender, receiver = socket.socketpair()
receiver.setblocking(False)
send(sender, b"early")
refuse(receiver)
early = received(receiver)
late = send(sender, b"late")
try:
  queued = receiver.recv(100)
except BlockingIOError:
  queued = "nothing"
sender.send(b"plain")
plain = received(receiver)
print("sent before:            ", early)
print(f"sent after:              {late}, then queued: {queued}")
print("without a descriptor:   ", plain)
set_first = through_listener(["set", "connect"])
set_last = through_listener(["connect", "set"])
print(f"listener set, then connect(): {set_first};",
      f"connect(), then listener set: {set_last}")
if (early, late, queued, plain, set_first, set_last) != (
    "received b'early', 1 descriptor(s)", "EPERM", "nothing",
    "received b'plain', 0 descriptor(s)", "EPERM", "sent"):
  sys.exit("The behaviour has changed")
PYTHON
