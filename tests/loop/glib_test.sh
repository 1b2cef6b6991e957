#!/bin/bash
# A program of GLib's with an event loop of ours as its guest. Its one file is
# compiled here, as Bazel knows nothing of GLib.
set -eu

skip() {
  echo "SKIPPED: $1"
  exit 0
}

command -v g++ >/dev/null || skip 'no g++ here'
command -v pkg-config >/dev/null || skip 'no pkg-config here'
pkg-config --exists glib-2.0 || skip 'no GLib here (Debian: libglib2.0-dev)'

archives=$(readlink -f tests/loop/callbacks_archives/*.a)
cd "$(dirname "$(readlink -f WORKSPACE)")"
# shellcheck disable=SC2046,SC2086  # One word per archive and flag.
g++ -std=c++20 -O0 -I. $(pkg-config --cflags glib-2.0) \
  tests/loop/glib_guest.cc -Wl,--start-group $archives -Wl,--end-group \
  $(pkg-config --libs glib-2.0) -pthread -o "$TEST_TMPDIR/glib_guest"

output=$(timeout 30 "$TEST_TMPDIR/glib_guest")
echo "$output"
[[ $output == $'a reader\na timer\na post' ]]
