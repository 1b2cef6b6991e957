#!/bin/bash
# A program of GLib's with an event loop of ours as its guest. It is compiled
# here, as Bazel knows nothing of GLib.
set -eu

skip() {
  echo "SKIPPED: $1"
  exit 0
}

command -v g++ >/dev/null || skip 'no g++ here'
command -v pkg-config >/dev/null || skip 'no pkg-config here'
pkg-config --exists glib-2.0 || skip 'no GLib here (Debian: libglib2.0-dev)'

cd "$(dirname "$(readlink -f WORKSPACE)")"
export FLAGS="-std=c++20 -O0 -I. $(pkg-config --cflags glib-2.0)"
export OUT=$TEST_TMPDIR
{
  echo tests/loop/glib_guest.cc
  find selectors timers loop/callbacks -name '*.cc' \
    ! -name '*_pipe.cc' ! -name 'kqueue*' ! -name 'devpoll*'
} | xargs -P 4 -I{} bash -c \
  'g++ $FLAGS -c "$1" -o "$OUT/$(echo "$1" | tr / _).o"' _ {}
g++ "$OUT"/*.o $(pkg-config --libs glib-2.0) -pthread -o "$OUT/glib_guest"

output=$(timeout 30 "$OUT/glib_guest")
echo "$output"
[[ $output == $'a reader\na timer\na post' ]]
