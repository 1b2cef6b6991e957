#!/bin/sh
# poll(), select() and epoll_wait() may end late by a thousandth of their time-out,
# and by a two-hundredth in a process that was started with nice(1).
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed, and root, for /proc/timer_list.
#
# The usual guess: prctl(2), PR_SET_TIMERSLACK: the kernel may group timers that
# are up to 50 microseconds apart, for these calls as for nanosleep().
# Seen: 50 microseconds are only the least. For waits the slack grows with the
# time-out, 10 ms for 10 s, up to 100 ms; a positive nice value makes it five times
# that. An idle machine uses all of it: 10 s take 10.05 s under nice. sleep() keeps
# its 50 microseconds, and a timerfd has no slack at all.
exec /usr/bin/python3 - <<'PYTHON'
import os, platform, re, select, signal, sys, time

print("Python", platform.python_version(), "on Linux", platform.release())


def slack(wait, seconds, nice):
  """Returns the milliseconds between the earliest and the latest end of a wait."""
  before = time.monotonic_ns() + seconds * 10**9
  child = os.fork()
  if not child:
    os.nice(nice)
    wait(seconds)
    os._exit(0)
  while open(f"/proc/{child}/stat").read().rsplit(")")[1].split()[0] != "S":
    time.sleep(.001)
  after = time.monotonic_ns() + seconds * 10**9
  timers = open("/proc/timer_list").read()
  os.kill(child, signal.SIGKILL)
  os.waitpid(child, 0)
  ends = re.findall(r"hrtimer_wakeup.*\n # expires at (\d+)-(\d+)", timers)
  # Of timers that end within the same few milliseconds, the child's is the longest.
  return round(max((int(late) - int(early)) / 1e6 for early, late in ends
                   if before <= int(early) <= after), 2)


waits = {
  "sleep": time.sleep,
  "poll": lambda seconds: select.poll().poll(seconds * 1000),
  "select": lambda seconds: select.select([], [], [], seconds),
  "epoll_wait": lambda seconds: select.epoll().poll(seconds),
}
os.nice(-os.nice(0))  # As root, so that it counts from 0 also if this is "nice".
same = True
for name, wait in waits.items():
  plain, nice = slack(wait, 54321, 0), slack(wait, 54321, 10)
  short, short_nice = slack(wait, 13, 0), slack(wait, 13, 10)
  print(f"{name:10}: 13 s: {short} ms, nice 10: {short_nice} ms; "
        f"15 hours: {plain} ms, nice 10: {nice} ms")
  seen = short, short_nice, plain, nice
  same &= seen == ((.05,) * 4 if name == "sleep" else (13, 65, 100, 100))
sys.exit(not same)
PYTHON
