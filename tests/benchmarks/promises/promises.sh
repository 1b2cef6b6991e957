#!/bin/bash
# Prints a table in Markdown: the promises that this loop and other libraries
# keep. A library that is not installed has no column, but a line with its Debian
# package. With an argument, writes the table to that file.
set -eu

# The column, the adapter, the Debian package, a header, and the options of the
# linker. `pkg-config` stands for the options that pkg-config gives for a name.
libraries='ours|ours|||
libev|libev|libev-dev|ev.h|-lev
libevent|libevent|libevent-dev|event2/event.h|-levent_core
libuv|libuv|libuv1-dev|uv.h|-luv
asio|asio|libasio-dev|asio.hpp|-pthread
sd-event|sd_event|libsystemd-dev|systemd/sd-event.h|-lsystemd
GLib|glib|libglib2.0-dev|glib-unix.h|pkg-config glib-2.0
ivykis|ivykis|libivykis-dev|iv.h|-livykis
libuEv|libuev|libuev-dev|uev/uev.h|-luev'
parts=(main promise system_calls timer_promises descriptor_promises
       fork_promises)

# Prints the options of the compiler for a library.
flags_of() {
  case $1 in
    pkg-config*) pkg-config --cflags --libs "${1#pkg-config }" 2>/dev/null ;;
    *) echo "$1" ;;
  esac
}

is_installed() {
  [[ ! $1 ]] || "$compiler" -E -x c++ -include "$1" "${flags[@]}" /dev/null \
    -o /dev/null 2>/dev/null
}

# Prints the upstream version of a Debian package, as in "1:4.33-1".
version_of() {
  local version
  version=$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null) || return 0
  version=${version#*:}
  version=${version%-*}
  echo " ${version%%[-+]*}"
}

compile() {
  "$compiler" -std=c++20 -O2 -Wall -Wextra -I. "$@"
}

# Compiles the promises, which all columns share.
compile_parts() {
  local part
  for part in "${parts[@]}"; do
    compile -c "$here/$part.cc" -o "$scratch/$part.o"
    objects+=("$scratch/$part.o")
  done
}

# Adds a column to the table, or a line about a package that is missing.
add_column() {
  local name=$1 adapter=$2 package=$3 header=$4 flags
  read -ra flags < <(flags_of "$5" || true) || true
  if ! is_installed "$header"; then
    missing+="$name is not installed (Debian: \`apt-get install $package\`)."$'\n'
    return
  fi
  echo "promises: $name" >&2
  # An optimized build of the archives is for programs at a fixed address.
  [[ $package ]] || flags+=(-no-pie -Wl,--start-group "${archives[@]}"
                            -Wl,--end-group -pthread)
  compile "$here/$adapter.cc" "${objects[@]}" "${flags[@]}" -o "$scratch/$adapter"
  {
    echo "$name$(version_of "$package")"
    echo ---
    "$scratch/$adapter"
  } > "$scratch/$adapter.column"
  columns+=("$scratch/$adapter.column")
}

print_table() {
  echo "Linux $(uname -r), $("$compiler" --version | head -n 1)."
  echo
  paste -d '|' "${columns[@]}" | sed 's/^/| /; s/|/ | /g; s/$/ |/; s/^ | /|/'
  [[ ! $missing ]] || printf '\n%s' "$missing"
}

readarray -t archives < <(readlink -f tests/benchmarks/promises/archives/*.a)
output=$(cd "${BUILD_WORKING_DIRECTORY:-.}" && realpath -m "${1:-/dev/stdout}")
cd "$(dirname "$(readlink -f WORKSPACE)")"
here=tests/benchmarks/promises
compiler=${CXX:-g++}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
objects=() columns=("$scratch/titles") missing=
compile_parts
while IFS='|' read -ru 3 name adapter package header flags; do
  add_column "$name" "$adapter" "$package" "$header" "$flags"
done 3<<< "$libraries"
{
  echo promise
  echo ---
  "$scratch/ours" --titles
} > "$scratch/titles"
print_table > "$output"
