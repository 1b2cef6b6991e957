#!/bin/bash
# poll(), select() and epoll tell nothing when one end of a Unix datagram socketpair is
# closed, or when its process has ended; recv() goes on with EAGAIN, or blocks.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: the pair is connected, and nobody else can send to it, so that its
# reader gets an end of file with POLLHUP, as with SOCK_STREAM and SOCK_SEQPACKET; unix(7)
# names no difference in this.
# Seen: when an end is closed, the kernel shuts down the other one only if the type has
# connections (unix_release_sock() in net/unix/af_unix.c). So a parent that talks to
# a child over such a pair never learns from it that the child died, and a child does not
# end with its parent. Only send() tells: first ECONNREFUSED, which also disconnects the
# socket, then ENOTCONN. SOCK_SEQPACKET has messages as well as an end.
#
# Output, after the child that held the other end has ended:
#   SOCK_DGRAM:     poll OUT, select [], epoll OUT
#                   recv EAGAIN, send ECONNREFUSED, send ENOTCONN, recv EAGAIN
#   SOCK_SEQPACKET: poll IN OUT HUP, select [IN], epoll IN OUT HUP
#                   recv b'', send EPIPE, send EPIPE, recv b''
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
timeout 60 /usr/bin/python3 - <<'PYTHON'
import errno, os, platform, select, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def attempt(call, *arguments):
  try:
    return call(*arguments)
  except OSError as error:
    return errno.errorcode[error.errno]


def names(poller):
  """Returns the events that poll() or epoll tells at once; their numbers are the same."""
  told = sum(events for _, events in poller.poll(0))
  return " ".join(name for name in ("IN", "OUT", "ERR", "HUP")
                  if told & getattr(select, "POLL" + name))


def after_the_end(kind):
  parent, child = socket.socketpair(socket.AF_UNIX, kind)
  process = os.fork()
  if not process:
    parent.close()
    os._exit(0)
  child.close()
  os.waitpid(process, 0)
  parent.setblocking(False)
  poll, epoll = select.poll(), select.epoll()
  poll.register(parent, select.POLLIN | select.POLLOUT)
  epoll.register(parent, select.EPOLLIN | select.EPOLLOUT)
  of_select = "[IN]" if select.select([parent], [], [], 0)[0] else "[]"
  waits = f"poll {names(poll)}, select {of_select}, epoll {names(epoll)}"
  calls = (f"recv {attempt(parent.recv, 10)}, send {attempt(parent.send, b'x')}, "
           f"send {attempt(parent.send, b'x')}, recv {attempt(parent.recv, 10)}")
  print(f"{kind.name + ':':15} {waits}\n{'':15} {calls}")
  return waits, calls


datagrams = after_the_end(socket.SOCK_DGRAM)
packets = after_the_end(socket.SOCK_SEQPACKET)
if datagrams != ("poll OUT, select [], epoll OUT",
                 "recv EAGAIN, send ECONNREFUSED, send ENOTCONN, recv EAGAIN"):
  sys.exit("The behaviour of datagrams has changed")
if packets != ("poll IN OUT HUP, select [IN], epoll IN OUT HUP",
               "recv b'', send EPIPE, send EPIPE, recv b''"):
  sys.exit("The behaviour of packets has changed")
PYTHON
