#!/bin/bash
# Programs that Erlang or SBCL starts ignore SIGPIPE: in their pipelines a writer goes on
# after its reader has ended, until it looks at the error of write().
#
# Seen with Erlang/OTP 25.2.3 (erlang-base 1:25.2.3+dfsg-1+deb12u4), SBCL 2.2.9 (sbcl
# 2:2.2.9-1) and CPython 3.11.2 (python3 3.11.2-1+b1) for comparison, Debian 12.
#
# The usual guess: a virtual machine ignores SIGPIPE so that a write to a dead connection
# is an error of that connection only, and undoes this for the programs that it starts,
# as Python (restore_signals) and Node do.
# Seen: an ignored signal is ignored after exec too, and open_port(), os:cmd() and
# run-program leave it so; Erlang leaves SIGFPE ignored as well. "yes | head -n 1" prints
# an error where it is silent in a terminal, "set -o pipefail" gives another status, and
# a program that does not check its writes computes everything for nobody. A shell cannot
# mend it, since "trap - PIPE" has no effect on a signal that was ignored at its start:
# use env --default-signal=PIPE (coreutils).
#
# Output, of the first part of "yes | head -n 1": its status, and signals ignored
#   Python: ended by SIGPIPE, ignores nothing
#   Erlang: Broken pipe, ignores SIGFPE SIGPIPE
#   Erlang, env --default-signal=PIPE: ended by SIGPIPE, ignores SIGFPE
#   SBCL: Broken pipe, ignores SIGPIPE
#   SBCL, env --default-signal=PIPE: ended by SIGPIPE, ignores nothing
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download sbcl=2:2.2.9-1 \
  erlang-base=1:25.2.3+dfsg-1+deb12u4 ||
  { echo "Erlang or SBCL cannot be downloaded"; exit 2; }
for package in *.deb; do dpkg-deb -W "$package"; dpkg -x "$package" .; done
cat > child <<'SHELL'
#!/bin/bash
LC_ALL=C yes 2>error | head -n 1 >line
status=${PIPESTATUS[0]}
[ "$status" = 141 ] && echo "ended by SIGPIPE" || grep -o "Broken pipe" error
mask=$(sed -n 's/^SigIgn:\s*//p' /proc/$$/status)
echo "ignores"
for signal in FPE PIPE; do
  (( 0x$mask >> ($(kill -l $signal) - 1) & 1 )) && echo "SIG$signal"
done
exit 0
SHELL
cat > mended <<'SHELL'
#!/bin/sh
exec env --default-signal=PIPE ./child
SHELL
chmod +x child mended
cat > probe.py <<'PYTHON'
import glob, os, subprocess, sys

erts, = glob.glob("usr/lib/erlang/erts-*")
os.environ.update(ROOTDIR=os.path.abspath("usr/lib/erlang"), EMU="beam",
                  BINDIR=os.path.abspath(erts + "/bin"), SBCL_HOME="usr/lib/sbcl")

def erlang(program):
  code = f'io:format("~s", [os:cmd("./{program}")]), halt().'
  return [erts + "/bin/erlexec", "-noshell", "-boot",
          os.environ["ROOTDIR"] + "/bin/start_clean", "-eval", code]

def sbcl(program):
  code = f'(run-program "./{program}" nil :output *standard-output*)'
  return ["usr/bin/sbcl", "--core", "usr/lib/sbcl/sbcl.core", "--noinform",
          "--non-interactive", "--no-sysinit", "--no-userinit", "--eval", code]

def run(name, command):
  text = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=100).stdout
  status, ignores, *signals = text.split("\n")[:-1] or ["failed", "ignores"]
  print(f"{name}: {status}, {ignores} {' '.join(signals) or 'nothing'}")
  return status, *signals

if [run("Python", ["./child"]), run("Erlang", erlang("child")),
    run("Erlang, env --default-signal=PIPE", erlang("mended")),
    run("SBCL", sbcl("child")),
    run("SBCL, env --default-signal=PIPE", sbcl("mended"))] != [
        ("ended by SIGPIPE",), ("Broken pipe", "SIGFPE", "SIGPIPE"),
        ("ended by SIGPIPE", "SIGFPE"), ("Broken pipe", "SIGPIPE"),
        ("ended by SIGPIPE",)]:
  sys.exit("The behaviour has changed")
PYTHON
/usr/bin/python3 probe.py
