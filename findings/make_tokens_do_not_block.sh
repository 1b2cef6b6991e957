#!/bin/bash
# The pipe of jobs that GNU make passes to its children has O_NONBLOCK: a child that reads
# a token when there is none gets EAGAIN.
#
# Seen with GNU make 4.3 (make 4.3-4.1) and CPython 3.11.2 (python3 3.11.2-1+b1),
# Debian 12.
#
# The usual guess: the protocol of --jobserver-auth=R,W is: read a byte from R to start a
# job, write it back to W. A tool that has a thread for it, or nothing else to do,
# calls read() and waits, as for any pipe that it inherits.
# Seen: make waits in pselect() and does not want its own read() to block, so it sets
# O_NONBLOCK on R, which is a flag of the pipe's end and not of the process. read()
# fails as soon as all tokens are taken, which is never in a test on an idle machine.
# To clear the flag would change it for make and for all other children. So a child
# waits in poll() before each read(), and takes EAGAIN for "another was faster"; or
# it opens /proc/self/fd/R anew, which makes an end with flags of its own.
#
# Output, of a child of "make -j3":
#   flags of R: O_NONBLOCK, of W: none
#   reads: b'+', b'+', EAGAIN
#   opened anew: flags none
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download make=4.3-4.1 ||
  { echo "make 4.3-4.1 cannot be downloaded"; exit 2; }
dpkg -x make_*.deb .
cat >child.py <<'PYTHON'
import errno, fcntl, os, re, sys

pipe = re.search(r"--jobserver-auth=(\d+),(\d+)", os.environ["MAKEFLAGS"])
reader, writer = int(pipe[1]), int(pipe[2])


def flags(fd):
  return "O_NONBLOCK" if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK else "none"


def read():
  try:
    return os.read(reader, 1)
  except OSError as error:
    return errno.errorcode[error.errno]


reads = [read(), read(), read()]
tokens = b"".join(token for token in reads if token != "EAGAIN")
os.write(writer, tokens)
anew = os.open(f"/proc/self/fd/{reader}", os.O_RDONLY)
print(f"flags of R: {flags(reader)}, of W: {flags(writer)}")
print("reads:", ", ".join(str(r) for r in reads))
print("opened anew: flags", flags(anew))
if ((flags(reader), flags(writer), flags(anew)) != ("O_NONBLOCK", "none", "none")
    or reads != [b"+", b"+", "EAGAIN"]):
  sys.exit("The behaviour has changed")
PYTHON
printf 'all:\n\t+@/usr/bin/python3 child.py\n' >Makefile
usr/bin/make --version | head -n 1
env -u MAKEFLAGS -u MFLAGS usr/bin/make --no-print-directory -j3
