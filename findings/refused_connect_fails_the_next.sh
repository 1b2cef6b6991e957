#!/bin/bash
# After a connect() with O_NONBLOCK was refused and SO_ERROR has been asked, the next one
# on the same socket fails with ECONNABORTED and sends nothing; the one after it connects.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: a socket that blocks can be connected again after a refusal (the last
# line), so one with O_NONBLOCK can too, once SO_ERROR has taken the error. connect(2)
# calls the state of such a socket unspecified, and has no ECONNABORTED.
# Seen: a connect() that was refused in the background is still open, even if the program
# has read its result from SO_ERROR. The next call ends it: it returns the error of the
# first, or ECONNABORTED if that was taken (__inet_stream_connect() in the kernel). The
# server has come up and sees no attempt. A loop that tries again every second, on the
# same socket, tries every two, and logs errors that no server caused. Close the socket,
# or call connect() twice.
#
# Output: the results of connect(), the server being up from the second on
#   O_NONBLOCK, SO_ERROR asked:     EINPROGRESS, ECONNABORTED (no attempt), connected
#   O_NONBLOCK, SO_ERROR not asked: EINPROGRESS, ECONNREFUSED (no attempt), connected
#   blocking:                       ECONNREFUSED, connected, EISCONN
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
/usr/bin/python3 - <<'PYTHON'
import errno, platform, select, socket, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def wait(file, event, milliseconds):
  poll = select.poll()
  poll.register(file, event)
  return bool(poll.poll(milliseconds))


def probe(name, blocking, ask):
  listener = socket.socket()
  listener.bind(("127.0.0.1", 0))
  client = socket.socket()
  client.setblocking(blocking)
  results = []
  for attempt in range(3):
    code = client.connect_ex(listener.getsockname())
    result = errno.errorcode[code] if code else "connected"
    if code == errno.EINPROGRESS:
      wait(client, select.POLLOUT, 60000)
      if attempt > 0:
        result = "connected" if wait(listener, select.POLLIN, 60000) else result
    elif attempt == 1 and not wait(listener, select.POLLIN, 300):
      result += " (no attempt)"
    results.append(result)
    if attempt == 0:
      if ask and client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
        sys.exit("The first connect() was not refused")
      listener.listen()
  print(f"{name:31} {', '.join(results)}")
  return results


if (probe("O_NONBLOCK, SO_ERROR asked:", False, True),
    probe("O_NONBLOCK, SO_ERROR not asked:", False, False),
    probe("blocking:", True, False)) != (
        ["EINPROGRESS", "ECONNABORTED (no attempt)", "connected"],
        ["EINPROGRESS", "ECONNREFUSED (no attempt)", "connected"],
        ["ECONNREFUSED", "connected", "EISCONN"]):
  sys.exit("The behaviour has changed")
PYTHON
