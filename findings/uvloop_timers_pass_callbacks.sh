#!/bin/sh
# uvloop runs a timer that is due before the callbacks that call_soon() queued
# earlier, and two timers less than a millisecond apart in the wrong order.
#
# Seen with uvloop 0.17.0 (python3-uvloop 0.17.0+ds1-2+b2) on libuv 1.44.2
# (libuv1 1.44.2-1+deb12u1) and CPython 3.11.2 (python3 3.11.2-1+b1), Debian 12.
#
# The usual guess: uvloop is a "drop-in replacement" for asyncio, where callbacks
# that are ready run first in, first out, and timers by their time.
# Seen: a timer of libuv runs in another phase of the iteration, before the queue
# of call_soon(): after a long callback all timers that are due overtake it. And
# times are rounded to milliseconds: 1.4 ms end before 1.1 ms if they were asked for
# first. A test that passes with asyncio may depend on the order.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download python3-uvloop=0.17.0+ds1-2+b2 \
  libuv1=1.44.2-1+deb12u1
for package in *.deb; do dpkg -x "$package" .; done
lib=$(dirname "$(find "$dir" -name 'libuv.so.1')")
export LD_LIBRARY_PATH="$lib" PYTHONPATH=usr/lib/python3/dist-packages
/usr/bin/python3 - <<'PYTHON'
import asyncio, sys, time, uvloop


async def order():
  loop, result = asyncio.get_running_loop(), []
  loop.call_soon(result.append, "soon")
  loop.call_later(.001, result.append, "timer")
  time.sleep(.01)
  await asyncio.sleep(.05)
  now = loop.time()
  loop.call_at(now + .0014, result.append, 1.4)
  loop.call_at(now + .0011, result.append, 1.1)
  await asyncio.sleep(.05)
  return result


asyncio_order = asyncio.run(order())
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
uvloop_order = asyncio.run(order())
print("asyncio:", asyncio_order)
print("uvloop", uvloop.__version__, uvloop_order)
sys.exit((asyncio_order, uvloop_order) !=
         (["soon", "timer", 1.1, 1.4], ["timer", "soon", 1.4, 1.1]))
PYTHON
