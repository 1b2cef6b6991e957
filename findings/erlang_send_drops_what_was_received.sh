#!/bin/bash
# After gen_tcp:send() of Erlang has failed, gen_tcp:recv() says {error, closed}: what the
# peer had sent before it closed is dropped.
#
# Seen with Erlang/OTP 25.2.3 (erlang-base 1:25.2.3+dfsg-1+deb12u4) and CPython 3.11.2
# (python3 3.11.2-1+b1) for comparison, Debian 12, on Linux 6.18.
#
# The usual guess: sending and receiving are two directions. A server that refuses an
# upload answers, closes, and resets the connection when more arrives; the client's send
# fails, and then it reads the answer from its socket, as with send() and recv().
# Seen: a failed send closes the socket of the port (inet_drv), with all that was not
# read. The client learns that the connection was closed, and not why ("too large",
# "wrong password"). Whether the send fails or comes too early for that is a matter of
# time, so most tests pass. With {active, once}, and with {inet_backend, socket}, the
# answer is kept; so let one process receive while another one sends.
#
# Output: results of send, send, recv; the server had answered and closed before
#   Python: ok, EPIPE, answer
#   Erlang, passive: ok, closed, closed
#   Erlang, {active, once}: ok, closed, answer
#   Erlang, {inet_backend, socket}: ok, closed, answer
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

result({ok, Data}) -> Data;
result({error, Reason}) -> Reason;
result(ok) -> ok.

active({tcp, _, Data}) -> Data;
active({tcp_closed, _}) -> "closed";
active({tcp_error, _, Reason}) -> Reason.

probe(Name, Options, Receive) ->
  Port = list_to_integer(os:getenv("PORT")),
  {ok, Socket} = gen_tcp:connect({127, 0, 0, 1}, Port, Options),
  "answered and closed\n" = io:get_line(""),
  First = gen_tcp:send(Socket, "a"),
  timer:sleep(200),  % No call tells that the reset has arrived.
  Second = gen_tcp:send(Socket, "b"),
  io:format("~s: ~s, ~s, ~s~n",
            [Name, result(First), result(Second), Receive(Socket)]).

main() ->
  Passive = fun(Socket) -> result(gen_tcp:recv(Socket, 0, 60000)) end,
  Active = fun(_) -> receive Message -> active(Message) after 60000 -> "nothing" end end,
  probe("Erlang, passive", [{active, false}], Passive),
  probe("Erlang, {active, once}", [{active, once}], Active),
  probe("Erlang, {inet_backend, socket}",
        [{inet_backend, socket}, {active, false}], Passive),
  halt().
ERLANG
cat > probe.py <<'PYTHON'
import errno, glob, os, socket, subprocess, sys, time

erts, = glob.glob("usr/lib/erlang/erts-*")
listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()
os.environ.update(ROOTDIR=os.path.abspath("usr/lib/erlang"), EMU="beam",
                  BINDIR=os.path.abspath(erts + "/bin"), PORT=str(address[1]))
erlang = [erts + "/bin/erlexec", "-noshell", "-boot",
          os.environ["ROOTDIR"] + "/bin/start_clean"]

def refuse():
  server, _ = listener.accept()
  server.sendall(b"answer")
  server.close()

client = socket.create_connection(address)
refuse()
results = ["ok" if client.send(b"a") == 1 else ""]
time.sleep(.2)
try:
  client.send(b"b")
except OSError as error:
  results.append(errno.errorcode[error.errno])
results.append(client.recv(100).decode())
lines = ["Python: " + ", ".join(results)]

subprocess.run(erlang + ["-eval", 'compile:file("probe"), halt().'], check=True)
child = subprocess.Popen(erlang + ["-s", "probe", "main"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
for i in range(3):
  refuse()
  print("answered and closed", file=child.stdin, flush=True)
  lines.append(child.stdout.readline().rstrip())
print("\n".join(lines))
sys.exit(lines != ["Python: ok, EPIPE, answer", "Erlang, passive: ok, closed, closed",
                   "Erlang, {active, once}: ok, closed, answer",
                   "Erlang, {inet_backend, socket}: ok, closed, answer"])
PYTHON
timeout 100 /usr/bin/python3 probe.py || { echo "The behaviour has changed"; exit 1; }
