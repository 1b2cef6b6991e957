#!/bin/sh
# close() of a pty master discards what the slave has not read yet; close() of the
# slave discards nothing.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: as with a pipe, data that were written before close() are read
# first, and then the end, in both directions.
# Seen: closing the master hangs up the terminal, which drops its input: the
# program on the slave reads 0 bytes at once, even of a complete line. So "write a
# command, then close" gives the program nothing, or all of it, as it happens to
# be fast or slow. Write the end-of-file character (Ctrl-D), and close the master
# when the program has ended. Output of the slave survives, and EIO follows.
exec /usr/bin/python3 - <<'PYTHON'
import os, platform, pty, sys

print("Python", platform.python_version(), "on Linux", platform.release())


def read(descriptor):
  try:
    return os.read(descriptor, 100)
  except OSError as error:
    return error.strerror


master, slave = pty.openpty()
os.write(master, b"a line\n")
os.close(master)
to_slave = read(slave)
master, slave = pty.openpty()
os.write(slave, b"a line\n")
os.close(slave)
to_master = [read(master), read(master)]
reader, writer = os.pipe()
os.write(writer, b"a line\n")
os.close(writer)
through_pipe = [read(reader), read(reader)]
print("slave reads: ", to_slave)
print("master reads:", to_master)
print("pipe reads:  ", through_pipe)
sys.exit((to_slave, to_master[0], through_pipe[0]) !=
         (b"", b"a line\r\n", b"a line\n"))
PYTHON
