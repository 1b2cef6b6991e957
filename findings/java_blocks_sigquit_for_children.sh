#!/bin/bash
# A program that Java starts has SIGQUIT blocked: kill -QUIT, and Ctrl-\ in a terminal, do
# nothing, unless the program unblocks the signal itself.
#
# Seen with OpenJDK 17.0.15 (openjdk-17-jdk-headless 17.0.15+6-1~deb12u1) on Linux 6.18,
# and CPython 3.11.2 (python3 3.11.2-1+b1) for comparison, Debian 12. Both must be
# installed.
#
# The usual guess: ProcessBuilder starts a program with the signals of the process that
# called it, or with defaults, as subprocess does; that Java itself prints stacks on
# SIGQUIT is its own affair.
# Seen: the virtual machine blocks SIGQUIT in all its threads but the one that prints. The
# thread that calls start() is one of the others, and a blocked signal is inherited
# over exec. So under a Java supervisor (a build server, an IDE) a program takes no notice
# of SIGQUIT, by which some servers stop gracefully and others are made to leave a core.
# An event loop installs its handler for the signal without an error, and the handler
# never runs; a shell in between keeps the mask. A program that relies on a signal
# unblocks it at its start (sigprocmask()). With -Xrs, Java does without SIGQUIT and
# blocks nothing.
#
# Output, of "kill -QUIT $$; echo it goes on":
#   started by Python: ended by signal 3, SIGQUIT blocked: 0
#   started by Java: it goes on, SIGQUIT blocked: 1
#   started by java -Xrs: ended by signal 3, SIGQUIT blocked: 0
set -eu
command -v java >/dev/null || { echo "openjdk-17-jdk-headless is needed"; exit 2; }
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > child <<'SHELL'
#!/bin/sh
ulimit -c 0
mask=$(sed -n 's/^SigBlk:\s*//p' /proc/$$/status)
echo "SIGQUIT blocked: $((0x$mask >> 2 & 1))"
kill -QUIT $$
echo "it goes on"
SHELL
chmod +x child
cat > Probe.java <<'JAVA'
public class Probe {
  public static void main(String[] arguments) throws Exception {
    System.exit(new ProcessBuilder("./child").inheritIO().start().waitFor());
  }
}
JAVA
java -version 2>&1 | head -n 1
cat > probe.py <<'PYTHON'
import subprocess, sys

def run(name, *command):
  child = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=100)
  blocked, *rest = child.stdout.splitlines()
  ended = child.returncode in (-3, 128 + 3)
  print(f"started by {name}: {'ended by signal 3' if ended else rest[0]}, {blocked}")
  return blocked[-1] + ("" if ended else rest[0])

if [run("Python", "./child"), run("Java", "java", "Probe.java"),
    run("java -Xrs", "java", "-Xrs", "Probe.java")] != ["0", "1it goes on", "0"]:
  sys.exit("The behaviour has changed")
PYTHON
/usr/bin/python3 probe.py
