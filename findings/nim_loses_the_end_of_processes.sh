#!/bin/bash
# select() of Nim's selectors raises an exception and loses the end of a process as soon
# as two processes are registered with registerProcess(), even if only one has ended.
#
# Seen with Nim 1.6.10 (nim 1.6.10-2, Debian 12) on Linux 6.18. A C compiler is needed,
# and the libraries that nim depends on.
#
# The usual guess: each registered process is told when it ends, as asyncio and libuv do,
# and as the module does for one process; addProcess() of asyncdispatch is built on it.
# Seen: each process has a signalfd for SIGCHLD of its own, but a pending SIGCHLD is one
# for the whole program. Both descriptors become readable, the first read() takes the
# signal, and the second gets EAGAIN, which select() raises as "Resource temporarily
# unavailable" and so drops what it had found. If the read() for one process takes the
# signal of the other, that is dropped as well (lib/pure/ioselects/ioselectors_epoll.nim).
# Register SIGCHLD once with registerSignal(), and then ask each peekExitCode().
#
# Output: two processes; the first ends, then the second
#   1 registered: told @[0], exceptions 0
#   2 registered: told @[], exceptions 2
set -eu
command -v cc >/dev/null || { echo "A C compiler is needed (gcc)"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download nim=1.6.10-2 ||
  { echo "nim 1.6.10-2 cannot be downloaded"; exit 2; }
dpkg -x nim_*.deb .
cat > probe.nim <<'NIM'
import std/[osproc, posix, selectors]

const
  P_PID = 1.cint
  WNOWAIT = 0x01000000.cint

var exceptions: int

# Returns the processes of which select() tells, when one after the other ends.
proc told(number: int): seq[int] =
  exceptions = 0
  let selector = newSelector[int]()
  var processes: seq[Process]
  for i in 0 ..< number:
    processes.add startProcess("/bin/sleep", args = ["100"], options = {})
    discard selector.registerProcess(processes[i].processID, i)
  for process in processes:
    process.terminate()
    var info: SigInfo
    discard waitid(P_PID, process.processID.Id, info, WEXITED or WNOWAIT)
    try:
      for ready in selector.select(500):
        result.add selector.getData(ready.fd)
    except IOSelectorsException:
      inc exceptions
  for process in processes:
    discard process.waitForExit()

echo "Nim ", NimVersion
let one = told(1)
echo "1 registered: told ", one, ", exceptions ", exceptions
let same = one == @[0] and exceptions == 0
let two = told(2)
echo "2 registered: told ", two, ", exceptions ", exceptions
quit(if same and two.len < 2 and exceptions > 0: 0 else: 1)
NIM
nim=$dir/usr/lib/nim/lib
usr/bin/nim c --skipCfg --cc:gcc --gcc.exe:cc --gcc.linkerexe:cc --passC:-w --hints:off \
  --parallelBuild:1 --nimcache:"$dir/cache" --lib:"$nim" --path:"$nim/core" \
  --path:"$nim/pure" --path:"$nim/pure/collections" --path:"$nim/pure/concurrency" \
  --path:"$nim/posix" probe.nim >log 2>&1 || { cat log; exit 2; }
timeout 60 ./probe || { echo "The behaviour has changed"; exit 1; }
