#!/bin/sh
# select() of a number that is not open, and higher than any that the process
# has had, is no error: Linux reports it as ready in all three sets.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No
# more than the package python3 is needed.
#
# The usual guess: EBADF, as for any number that is not open.
# Seen: the kernel asks only about numbers that fit into the process's table of
# descriptors, and returns 0, "nothing is ready", without clearing the bits of
# the others. Python reads the sets and calls the number readable and writable.
# Once a number that high has been open, the answer is EBADF.
/usr/bin/python3 - <<'PYTHON'
import fcntl, os, platform, select, sys

print("Python", platform.python_version(), "on Linux", platform.release())
before = select.select([900], [900], [900], 0)
print("900 was never open: ", before)
os.close(fcntl.fcntl(0, fcntl.F_DUPFD, 900))
try:
  after = select.select([900], [900], [900], 0)
except OSError as error:
  after = error.strerror
print("900 was open before:", after)
sys.exit(before != ([900],) * 3 or after != "Bad file descriptor")
PYTHON
