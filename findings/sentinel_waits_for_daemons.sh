#!/bin/sh
# The sentinel of a Python multiprocessing.Process stays silent after the process has
# ended, until all processes that it forked have ended as well.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: "a numeric handle of a system object which will become 'ready' when
# the process ends", so that an event loop watches the sentinel to know when to call
# join(), as with a pidfd.
# Seen: with the fork method it is the reading end of a pipe, of which the child has
# the other end, and so has every process that the child forks without exec. If
# it leaves a daemon behind, join() and exitcode tell the end of the process at once,
# but the sentinel, and connection.wait(), only that of the daemon. A pidfd
# (os.pidfd_open) tells the end of the process alone.
/usr/bin/python3 - <<'PYTHON'
import multiprocessing
import os
import platform
import select
import sys
from multiprocessing import connection


def nothing(pipe):
    pass


def leave_a_daemon(pipe):
    if os.fork() == 0:
        os.setsid()
        os.read(pipe, 1)  # until the parent ends
        os._exit(0)


def ready(target):
    """Return what is ready after the end: the sentinel and a pidfd, then the sentinel."""
    reader, writer = os.pipe()
    process = multiprocessing.get_context("fork").Process(target=target, args=(reader,))
    process.start()
    pidfd = os.pidfd_open(process.pid)
    pidfd_ready = bool(select.select([pidfd], [], [], 60)[0])
    sentinel_ready = bool(connection.wait([process.sentinel], 1))
    os.write(writer, b"x")
    later = bool(connection.wait([process.sentinel], 60))
    process.join()
    for number in pidfd, reader, writer:
        os.close(number)
    return pidfd_ready, sentinel_ready, later


print(f"Linux {platform.release()}, Python {platform.python_version()}")
alone, with_daemon = ready(nothing), ready(leave_a_daemon)
for name, result in ("no daemon", alone), ("leaves a daemon", with_daemon):
    print(f"{name}: pidfd {result[0]}, sentinel {result[1]}, after the daemon {result[2]}")
sys.exit((alone, with_daemon) != ((True, True, True), (True, False, True)))
PYTHON
