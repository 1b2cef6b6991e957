#!/bin/sh
# A local variable of a coroutine that is alignas(64) is not aligned to 64 bytes.
#
# Seen with g++ 12.2.0 (g++-12 12.2.0-14+deb12u1) and, without optimisation,
# clang 14.0.6 (clang-14 1:14.0.6-12), Debian 12.
#
# The usual guess: the variable lives in the frame, and since C++17 `new` honours
# alignments above that of std::max_align_t, so that the frame is aligned too; the
# compiler would warn otherwise.
# Seen: the frame comes from operator new(std::size_t), which aligns to 16 bytes,
# and no warning tells of it. Nor do alignof and alignas, which still say 64.
# Variables for SIMD or for a cache line of their own belong on the heap, or into
# a function that the coroutine calls. (With -O2, clang aligned all.)
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > probe.cc <<'CC'
#include <coroutine>
#include <cstdint>
#include <cstdio>

std::coroutine_handle<> suspended;

struct Coroutine {
  struct promise_type {
    Coroutine get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }  // keeps the frame
    void return_void() {}
    void unhandled_exception() {}
  };
};
struct Suspend {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle) { suspended = handle; }
  void await_resume() {}
};

struct alignas(64) Line {
  char bytes[64];
};
int misaligned = 0;

__attribute__((noinline)) void check(volatile char* line) {
  misaligned += reinterpret_cast<std::uintptr_t>(line) % alignof(Line) != 0;
}

Coroutine coroutine() {
  Line line;
  co_await Suspend();
  check(line.bytes);
}

int main() {
  for (int i = 0; i < 16; ++i) {
    coroutine();
    suspended.resume();
  }
  std::printf("misaligned in %d of 16 frames\n", misaligned);
  return misaligned == 0;
}
CC
for compiler in g++-12 clang++-14; do
  "$compiler" --version | head -n 1
  "$compiler" -std=c++20 -Wall -Wextra -o probe probe.cc
  ./probe
done
