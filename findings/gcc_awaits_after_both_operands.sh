#!/bin/sh
# g++ 12 evaluates the operand of the second co_await before it awaits the first,
# even within braces, which promise the order from left to right.
#
# Seen with g++ 12.2.0 (g++-12 12.2.0-14+deb12u1, Debian 12). clang 14 is right.
#
# The usual guess: in `int v[] = {co_await next(), co_await next()}` the first
# element is complete, awaiting included, before the second next() is called; and
# the calls of `r.f(co_await a()).f(co_await b())` come in their order.
# Seen: both calls, then both awaits, in a call chain as well. If a function starts
# its work when it is called, the two overlap; if b() depends on the effect of
# awaiting a(), the result is wrong. `<<`, `&&` and the comma are in order.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > probe.cc <<'CC'
#include <coroutine>
#include <cstdio>
#include <string>

std::string order;

struct Coroutine {
  struct promise_type {
    Coroutine get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

struct Awaitable {
  char name;
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  int await_resume() {
    order += std::string("await-") + name + " ";
    return 1;
  }
};
Awaitable call(char name) {
  order += std::string("call-") + name + " ";
  return {name};
}
struct Chain {
  Chain& then(int) { return *this; }
};

Coroutine array() {
  int values[] = {co_await call('a'), co_await call('b')};
  (void)values;
}
Coroutine chain() {
  Chain().then(co_await call('a')).then(co_await call('b'));
}
Coroutine shift() {
  (void)(co_await call('a') << co_await call('b'));
}

int main() {
  array();
  std::printf("braces: %s\n", order.c_str());
  int same = order == "call-a call-b await-a await-b ";
  order.clear();
  chain();
  std::printf("chain:  %s\n", order.c_str());
  same &= order == "call-a call-b await-a await-b ";
  order.clear();
  shift();
  std::printf("shift:  %s\n", order.c_str());
  return !(same && order == "call-a await-a call-b await-b ");
}
CC
g++-12 --version | head -n 1
g++-12 -std=c++20 -o probe probe.cc
./probe
