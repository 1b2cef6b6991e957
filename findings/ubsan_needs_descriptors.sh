#!/bin/sh
# UBSan reports a valid object as one with an "invalid vptr" while the process has
# no descriptor left.
#
# Seen with clang 14.0.6 (clang-14 and libclang-rt-14-dev, 1:14.0.6-12, Debian 12).
#
# The usual guess: -fsanitize=vptr looks at the object alone, so that its verdict on
# a member call does not depend on the rest of the process.
# Seen: before it reads a vptr that is not in its cache, the runtime asks the kernel
# whether the memory is mapped, by writing it to a pipe that it makes. Without a
# descriptor there is no pipe, the memory counts as unmapped, and the call is
# reported, with "memory cannot be printed". A test of EMFILE under UBSan sees this.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > probe.cc <<'CC'
#include <fcntl.h>
#include <sys/resource.h>

#include <cstdio>

struct Base {
  virtual ~Base() = default;
  int value() const { return 1; }
};
struct Derived : Base {};

int main(int argc, char**) {
  Base* const object = new Derived;
  if (argc > 1) {
    const rlimit few{16, 16};
    setrlimit(RLIMIT_NOFILE, &few);
    while (open("/dev/null", O_RDONLY) >= 0) {
    }
  }
  std::printf("value %d\n", object->value());
  delete object;
}
CC
clang++-14 --version | head -n 1
clang++-14 -std=c++17 -fsanitize=vptr probe.cc -o probe
with=$(./probe 2>&1)
without=$(./probe exhausted 2>&1)
printf -- '--- with descriptors\n%s\n--- without\n%s\n' "$with" "$without"
[ "$with" = 'value 1' ]
case $without in
  *'object has invalid vptr'*'memory cannot be printed'*) ;;
  *) echo 'the outcome has changed'; exit 1 ;;
esac
