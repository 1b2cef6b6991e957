#!/bin/sh
# g++ 12 destroys a member of an aggregate twice if another member is initialised
# with co_await.
#
# Seen with g++ 12.2.0 (g++-12 12.2.0-14+deb12u1, Debian 12). clang 14
# (clang-14 1:14.0.6-12) is right; both must be installed.
#
# The usual guess: `Pair pair{Member{}, co_await number()}` constructs one Member
# in its place and destroys it once, as without co_await.
# Seen: the frame keeps what the first braces have constructed until the second
# operand is awaited, and copies it bit by bit, without the copy constructor. Both
# are destroyed at their end: a std::string or std::shared_ptr is released twice.
# There is no warning. So await into a variable before the braces.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > probe.cc <<'CC'
#include <coroutine>
#include <cstdio>

struct Member {
  static inline int constructed = 0, destroyed = 0;
  Member() { ++constructed; }
  Member(const Member&) { ++constructed; }
  ~Member() { ++destroyed; }
};
struct Pair {
  Member member;
  int number;
};
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
struct Number : std::suspend_never {
  int await_resume() { return 1; }
};

Task awaits_within() { Pair pair{Member{}, co_await Number{}}; }
Task awaits_before() {
  const int number = co_await Number{};
  Pair pair{Member{}, number};
}

bool destroys_twice(Task (*coroutine)()) {
  Member::constructed = Member::destroyed = 0;
  coroutine();
  std::printf("  constructed %d, destroyed %d\n", Member::constructed, Member::destroyed);
  return Member::destroyed > Member::constructed;
}

int main() {
  const bool within = destroys_twice(awaits_within);
  return destroys_twice(awaits_before) ? 2 : within;
}
CC
twice() {
  "$1" --version | head -n 1
  "$1" -std=c++20 -Wall -Wextra -Wno-unused-variable -Werror -o probe probe.cc
  if ./probe; then result=0; else result=$?; fi
  test "$result" = "$2"
}
twice g++-12 1
twice clang++-14 0
