#!/bin/sh
# errno in a coroutine compiled by clang 14 with -O2 is that of the thread that ran
# the coroutine before the co_await, not of the one that runs it now.
#
# Seen with clang 14.0.6 (clang-14 1:14.0.6-12, Debian 12), which must be installed,
# with libstdc++ and glibc. Right are clang 14 with -O0, clang 19 and g++ 12.
#
# The usual guess: errno is the error of this thread's last call, wherever the
# coroutine is resumed: a system call, then errno, with no co_await between.
# Seen: glibc declares __errno_location(), which errno stands for, as a function whose
# value never changes. clang 14 calls it once, keeps the address in the frame, and
# uses it after the co_await. A coroutine that hops to a thread of a pool then reads
# the errno of another thread, 0 or an old error; a race, besides. Keep the call
# and its errno in a function that is not a coroutine and is not inlined.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > probe.cc <<'CC'
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <thread>

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
struct Hop {  // to the thread that resumes `waiting`
  static inline std::coroutine_handle<> waiting;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  void await_resume() {}
};
int before = 0, after = 0;

Task work() {
  ::open("/no/such/file", O_RDONLY);
  before = errno;
  co_await Hop{};
  ::close(-1);
  after = errno;
}

int main() {
  work();
  std::thread([] { Hop::waiting.resume(); }).join();
  std::printf("open(): %s, close() in the other thread: %s\n",
              before == ENOENT ? "ENOENT" : "?",
              after == EBADF ? "EBADF" : after == ENOENT ? "ENOENT" : "?");
  return after != EBADF;
}
CC
run() {  # compiler and options
  "$@" -std=c++20 -pthread -o probe probe.cc || exit 2
  printf '%s: ' "$*"
  ./probe
}
clang-14 --version | head -n 1
run g++ -O2
run clang++-14 -O0
! run clang++-14 -O2
