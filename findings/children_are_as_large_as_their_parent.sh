#!/bin/sh
# The ru_maxrss that wait4() gives of a small program is the largest size that the
# process which started it has ever had.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: fork(2): "resource utilizations are reset to zero in the child",
# and exec replaces its memory, so /bin/true is as small whoever starts it.
# Seen: getrusage(2) has the usage preserved over exec, and this begins with the
# memory before exec. With fork() that is what the parent has now; with vfork(),
# which posix_spawn() and subprocess use, it is the parent's own memory, of which
# the maximum is taken, even if it was freed long ago. A supervisor that once had
# 300 MB sees 300 MB for each program.
/usr/bin/python3 - <<'PYTHON'
import os
import platform
import subprocess
import sys


def megabytes(start):
    return os.wait4(start(), 0)[2].ru_maxrss // 1024


def fork():
    pid = os.fork()
    if pid == 0:
        os.execv("/bin/true", ["true"])
    return pid


def spawn():
    return os.posix_spawn("/bin/true", ["true"], os.environ)


def popen():
    started.append(subprocess.Popen(["/bin/true"]))
    return started[-1].pid


started = []
print(f"Linux {platform.release()}, Python {platform.python_version()}")
small = [megabytes(start) for start in (fork, spawn, popen)]
print("true, by fork, posix_spawn and subprocess, in MB:", small)
memory = b"x" * 300_000_000
large = [megabytes(start) for start in (fork, spawn, popen)]
print("with 300 MB in the parent:", large)
del memory
freed = [megabytes(start) for start in (fork, spawn, popen)]
print("when these are freed:", freed)
sys.exit(
    not (
        max(small) < 100
        and min(large) > 250
        and freed[0] < 100
        and min(freed[1:]) > 250
    )
)
PYTHON
