# shellcheck shell=bash
# Shared by the tests with programs and libraries that Bazel does not know. The
# test of a client library compiles a program of this folder with the library,
# and runs the program against a server. The test of a tool runs the tool against
# a program of //examples.
set -eu

skip() {
  echo "SKIPPED: $1"
  exit 0
}

# Skips the test unless a command exists: its name and its Debian package.
need() { command -v "$1" >/dev/null || skip "no $1 here (Debian: $2)"; }

# Compiles NAME.cc as $scratch/NAME, with a library: NAME, the name that
# pkg-config has for the library, and its Debian package.
build() {
  need g++ g++
  need pkg-config pkg-config
  pkg-config --exists "$2" || skip "no $2 here (Debian: $3)"
  local flags
  read -ra flags < <(pkg-config --cflags --libs "$2")
  g++ -std=c++20 -O0 -I. "tests/integration/$1.cc" -o "$scratch/$1" \
    -Wl,--start-group "${archives[@]}" -Wl,--end-group "${flags[@]}" -pthread
}

# Compares the output of a command with the text on standard input.
expect() {
  local output
  output=$(timeout 60 "$@" 2>&1 </dev/null || echo "exit status $?")
  echo "$output"
  diff - <(echo "$output")
}

# Starts a program of //examples, which listens on a port that the system
# chooses, and sets $server and $port. $lines is its standard output.
serve() {
  local line
  exec {lines}< <(exec "$runfiles/examples/$1" 0)
  server=$!
  read -ru "$lines" line
  port=${line##*:}
}

# Ends the server.
stop_serving() {
  kill "$server"
  wait "$server" 2>/dev/null || true
  exec {lines}<&-
}

# Ends the server, if there is one, and its folder. Unix sockets need a path
# that is shorter than Bazel's.
clean_up() {
  [[ ! ${server:-} ]] || kill "$server" 2>/dev/null || true
  wait
  rm -rf "$scratch"
}

runfiles=$PWD
readarray -t archives < <(readlink -f tests/integration/archives/*.a)
cd "$(dirname "$(readlink -f WORKSPACE)")"
scratch=$(mktemp -d /tmp/integration.XXXXXX)
trap clean_up EXIT
