#!/bin/bash
# With SO_RCVLOWAT, poll() calls a Unix stream socket readable from the first byte on,
# and the recv() that follows blocks; a TCP socket becomes readable at the mark.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: socket(7): since Linux 2.6.28, select(), poll() and epoll "indicate a
# socket as readable only if at least SO_RCVLOWAT bytes are available", whatever its
# family; a program asks for the 10 bytes of a header and is woken once.
# Seen: TCP does so. For Unix sockets recv() obeys the mark and the three waits do not
# (unix_poll() in the kernel asks only whether anything is queued). So each byte
# wakes the loop, and a socket without O_NONBLOCK stops it: "readable" does not
# mean that recv() returns. On a socket with O_NONBLOCK the mark has no effect, for
# recv() takes what is there.
#
# Output:
#   Unix, 1 byte of 10: poll, select, epoll: True True True
#   Unix, recv() then blocks: True until it has 10 bytes
#   TCP, 1 byte of 10: poll, select, epoll: False False False
#   TCP, 10 bytes: poll, select, epoll: True True True
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import platform, select, socket, struct, sys, threading

print("Python", platform.python_version(), "on Linux", platform.release())


def tcp_pair():
  with socket.create_server(("127.0.0.1", 0)) as listener:
    client = socket.create_connection(listener.getsockname())
    return client, listener.accept()[0]


def waits(reader):
  """Returns what each of the three waits says within 0.2 s."""
  poll, epoll = select.poll(), select.epoll()
  poll.register(reader, select.POLLIN)
  epoll.register(reader, select.EPOLLIN)
  return (bool(poll.poll(200)), bool(select.select([reader], [], [], .2)[0]),
          bool(epoll.poll(.2)))


seen = {}
for name, pair in ("Unix", socket.socketpair()), ("TCP", tcp_pair()):
  sender, reader = pair
  reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 10)
  sender.send(b"1")
  one_byte = waits(reader)
  print(f"{name}, 1 byte of 10: poll, select, epoll:", *one_byte)
  if name == "Unix":
    received = []
    thread = threading.Thread(target=lambda: received.append(reader.recv(100)))
    thread.start()
    thread.join(.5)
    blocks = thread.is_alive()
  sender.send(b"234567890")
  if name == "Unix":
    thread.join()
    print("Unix, recv() then blocks:", blocks, "until it has", len(received[0]), "bytes")
  else:
    ten_bytes = waits(reader)
    print("TCP, 10 bytes: poll, select, epoll:", *ten_bytes)
  seen[name] = one_byte
if (seen != {"Unix": (True,) * 3, "TCP": (False,) * 3} or ten_bytes != (True,) * 3
    or not blocks or received != [b"1234567890"]):
  sys.exit("The behaviour has changed")
PYTHON
