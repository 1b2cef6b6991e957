"""Replays on CPython's selectors what ours have done, and compares.

usage: replay.py FILE

FILE is written by replay_test.cc. Exits with 1 if an answer differs, having
printed the script up to there.

What the comparison leaves out, all of it marked "Differs from Python:" in
selectors/: the scripts hold no modify() with bad events, and close no
registered number while a dup() keeps its file open. Maps are compared sorted
by number. A closed selector, a FILE* and a number that select() has no room
for do not occur.
"""

import os
import selectors
import signal
import socket
import stat
import sys

NAMES = ["SelectSelector", "PollSelector", "EpollSelector"]


def place(source, fd):
  os.dup2(source, fd)
  os.close(source)


class Replay:
  """One script: its descriptors, and a selector of each kind."""

  def __init__(self):
    self.open = set()
    self.selectors = {n: getattr(selectors, n)() for n in NAMES}

  def close(self):
    for selector in self.selectors.values():
      selector.close()
    for fd in self.open:
      os.close(fd)

  def apply(self, word, fd=None, other=None):
    """Does what Files::apply() in random_operations.h does."""
    if word == "pipe":
      for end, number in zip(os.pipe2(os.O_NONBLOCK), (fd, other)):
        place(end, number)
      self.open |= {fd, other}
    elif word == "socketpair":
      for end, number in zip(socket.socketpair(), (fd, other)):
        end.setblocking(False)
        place(end.detach(), number)
      self.open |= {fd, other}
    elif word == "null":
      place(os.open("/dev/null", os.O_RDWR | os.O_NONBLOCK), fd)
      self.open.add(fd)
    elif word == "dup":
      place(os.dup(fd), other)
      self.open.add(other)
    elif word == "close":
      os.close(fd)
      self.open.discard(fd)
    else:
      try:
        self.transfer(word, fd)
      except OSError:
        pass

  def transfer(self, word, fd):
    if word == "write":
      os.write(fd, bytes(1))
    elif word == "fill":
      for _ in range(1000):
        os.write(fd, bytes(4096))
    elif word == "read":
      os.read(fd, 4096)
    elif word == "drain":
      while os.read(fd, 4096):
        pass
    elif word == "shutdown":
      if stat.S_ISSOCK(os.fstat(fd).st_mode):
        with socket.socket(fileno=os.dup(fd)) as end:
          end.shutdown(socket.SHUT_WR)

  def answer(self, name, word, args):
    """Returns what replay_test.cc prints: the answer, and the map."""
    selector = self.selectors[name]
    try:
      if word == "select":
        ready = selector.select(0)
        pairs = sorted((key.fd, events) for key, events in ready)
        text = ",".join("%d:%d" % pair for pair in pairs)
      else:
        getattr(selector, word)(*args)
        text = "done"
    except (ValueError, KeyError, OSError) as error:
      kinds = (ValueError, KeyError, OSError)
      text = next(k.__name__ for k in kinds if isinstance(error, k))
    keys = sorted((k.fd, k.events, k.data) for k in selector.get_map().values())
    return text + " " + ",".join("%d:%d:%d" % key for key in keys)


def main(path):
  signal.signal(signal.SIGPIPE, signal.SIG_IGN)
  replay, script, compared = Replay(), [], 0
  with open(path, encoding="ascii") as lines:
    for line in map(str.rstrip, lines):
      script.append(line)
      word, _, rest = line.partition(" ")
      if word == "script":
        replay.close()
        replay, script = Replay(), [line]
      elif word == "=":
        name, _, ours = rest.partition(" ")
        if not hasattr(selectors, name):
          continue
        pythons = replay.answer(name, *operation)
        compared += 1
        # Without a map there is a blank at the end, which rstrip() took.
        if pythons.rstrip() != ours.rstrip():
          print(*script, f"but Python's answers: {pythons}", sep="\n")
          return 1
      else:
        operation = word, [int(a) for a in rest.split()]
        if word not in ("register", "modify", "unregister", "select"):
          replay.apply(word, *operation[1])
  print(f"{compared} answers are the same")
  return 0 if compared else 1


if __name__ == "__main__":
  sys.exit(main(sys.argv[1]))
