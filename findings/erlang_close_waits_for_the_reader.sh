#!/bin/bash
# gen_tcp:close() of Erlang blocks for 5 seconds if the peer does not read and more was
# sent than the kernel takes, while gen_tcp:send() of all that had returned at once.
#
# Seen with Erlang/OTP 25.2.3 (erlang-base 1:25.2.3+dfsg-1+deb12u4) and CPython 3.11.2
# (python3 3.11.2-1+b1) for the peer, Debian 12, on Linux 6.18.
#
# The usual guess: inet(3erl), {linger, {false, _}}, the default: close/1 "returns
# immediately, not waiting for data to be flushed, with closing done in the background",
# as close(2) and the transports of asyncio do. If a call waits, it is send().
# Seen: the other way round. send() returns when the rest is in a queue of the port, and
# close() waits until the queue is empty, for 5 seconds as long as nothing moves; then
# it returns, and the queue is sent in the background all the same. A process that
# serves many connections, and closes one whose client is asleep, serves nobody in the
# meantime, and a gen_server:call() to it, whose time-out is 5 seconds as well, fails.
# Close in a process of its own, or set {linger, {true, 0}} to drop the data.
#
# Output:
#   5 bytes, peer sleeps: send ok, close at once, peer gets 5
#   20000000 bytes, peer reads: send ok, close at once, peer gets 20000000
#   20000000 bytes, peer sleeps: send ok, close after 5 s, peer gets 20000000
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
package=erlang-base
apt-get -q=2 -o APT::Sandbox::User=root download $package=1:25.2.3+dfsg-1+deb12u4 ||
  { echo "Erlang cannot be downloaded"; exit 2; }
dpkg-deb -W $package*.deb
dpkg -x $package*.deb .
cat > probe.erl <<'ERLANG'
-module(probe).
-export([main/0]).

seconds(Start) -> (erlang:monotonic_time(millisecond) - Start) / 1000.

close(Port, Size) ->
  {ok, Socket} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false}]),
  Data = binary:copy(<<"x">>, Size),
  Start = erlang:monotonic_time(millisecond),
  Sent = gen_tcp:send(Socket, Data),
  SendTime = seconds(Start),
  Middle = erlang:monotonic_time(millisecond),
  ok = gen_tcp:close(Socket),
  io:format("~p ~p ~p~n", [Sent, SendTime, seconds(Middle)]).

main() ->
  Port = list_to_integer(os:getenv("PORT")),
  [close(Port, Size) || Size <- [5, 20000000, 20000000]],
  io:get_line(""),  % The connections go on as long as Erlang does.
  halt().
ERLANG
cat > probe.py <<'PYTHON'
import glob, os, socket, subprocess, sys

erts, = glob.glob("usr/lib/erlang/erts-*")
listener = socket.create_server(("127.0.0.1", 0))
os.environ.update(ROOTDIR=os.path.abspath("usr/lib/erlang"), EMU="beam",
                  BINDIR=os.path.abspath(erts + "/bin"),
                  PORT=str(listener.getsockname()[1]))
erlang = [erts + "/bin/erlexec", "-noshell", "-boot",
          os.environ["ROOTDIR"] + "/bin/start_clean"]
subprocess.run(erlang + ["-eval", 'compile:file("probe"), halt().'], check=True)
child = subprocess.Popen(erlang + ["-s", "probe", "main"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)

def probe(name, sleeps):
  peer, _ = listener.accept()
  line = child.stdout.readline() if sleeps else ""  # It comes after close().
  number = 0
  while data := peer.recv(1 << 20):
    number += len(data)
  sent, send_time, close_time = (line or child.stdout.readline()).split()
  slow = float(close_time) > 4.9
  print(f"{name}: send {sent}, close {'after 5 s' if slow else 'at once'}, "
        f"peer gets {number}")
  return sent, float(send_time) < 4.9, slow, number

results = [probe("5 bytes, peer sleeps", True),
           probe("20000000 bytes, peer reads", False),
           probe("20000000 bytes, peer sleeps", True)]
child.communicate("\n")
sys.exit(results != [("ok", True, False, 5), ("ok", True, False, 20_000_000),
                     ("ok", True, True, 20_000_000)])
PYTHON
timeout 100 /usr/bin/python3 probe.py || { echo "The behaviour has changed"; exit 1; }
