#!/bin/bash
# Input that came while a terminal was raw is readable as a complete line as soon as
# canonical mode is set, without a newline, and with its backspaces and Enter as they are.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: what was typed ahead waits like any unfinished line: the terminal
# becomes readable at Enter, and backspace deletes from it. termios(3) has for canonical
# mode: "Input is made available line by line"; it says nothing of older input.
# Seen: the characters came before the mode changed, and are not looked at again; the
# kernel marks the last one as the end of a line (n_tty_set_termios() in
# drivers/tty/n_tty.c). So poll(), select() and epoll call the terminal readable, one
# read() returns all, Enter is "\r", Ctrl-D is "\x04", and what is typed from now on
# is another line. A program that asks a question after it was in raw mode, or runs a
# command that does, gets half an answer, which the user cannot correct any more.
# TCSAFLUSH in place of TCSANOW discards such input.
#
# Output: typed, then readable, read; and after "d" and Enter
#   canonical, b'ab\x7fc':  poll [], read EAGAIN; then b'acd\n'
#   raw, b'ab\x7fc':        poll [1], read b'ab\x7fc'; then b'd\n'
#   raw, b'y\r\x04z':       poll [1], read b'y\r\x04z'; then b'd\n'
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
timeout 60 /usr/bin/python3 - <<'PYTHON'
import os, platform, select, sys, termios, tty

print("Python", platform.python_version(), "on Linux", platform.release())


def lines(mode, typed):
  """Types into a terminal of that mode, sets canonical mode, and types the rest."""
  master, terminal = os.openpty()
  os.set_blocking(terminal, False)
  poll = select.poll()
  poll.register(terminal, select.POLLIN)
  canonical = termios.tcgetattr(terminal)
  if mode == "raw":
    tty.setraw(terminal, termios.TCSANOW)
    raw = termios.tcgetattr(terminal)
    raw[3] |= termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, raw)
  os.write(master, typed)
  echo = b""
  while not echo.endswith(typed[-1:]):  # The echo tells that the terminal has it.
    echo += os.read(master, 100)
  termios.tcsetattr(terminal, termios.TCSANOW, canonical)
  events = [events for _, events in poll.poll(0)]
  try:
    first = os.read(terminal, 100)
  except BlockingIOError:
    first = "EAGAIN"
  os.write(master, b"d\r")
  poll.poll(60000)
  text = f"poll {events}, read {first}; then {os.read(terminal, 100)}"
  print(f"{f'{mode}, {typed}:':23} {text}")
  return text


edited = lines("canonical", b"ab\x7fc")
ahead = lines("raw", b"ab\x7fc")
keys = lines("raw", b"y\r\x04z")
if (edited, ahead, keys) != (r"poll [], read EAGAIN; then b'acd\n'",
                             r"poll [1], read b'ab\x7fc'; then b'd\n'",
                             r"poll [1], read b'y\r\x04z'; then b'd\n'"):
  sys.exit("The behaviour has changed")
PYTHON
