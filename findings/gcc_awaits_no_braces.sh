#!/bin/sh
# g++ 12 refuses a co_await in an expression with a std::initializer_list, or with an
# object made from one: "array used as initializer".
#
# Seen with g++ 12.2.0 (g++-12 12.2.0-14+deb12u1, Debian 12). clang 14
# (clang-14 1:14.0.6-12) takes all; both must be installed.
#
# The usual guess: `co_await wait_for_any({reader, writer})` is valid, for a vector or
# an initializer_list, as the call is without co_await.
# Seen: the array behind the braces must live in the frame while the coroutine is
# suspended, and g++ copies it there as if it were an object of a class. The error
# names no reason. It comes as well if the braces are not in the operand of the
# co_await. The call in a statement of its own, or a named list, is compiled.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > probe.cc <<'CC'
#include <coroutine>
#include <initializer_list>
#include <vector>

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
struct Size {
  int size;
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  int await_resume() { return size; }
};
Size list(std::initializer_list<int> numbers) { return {int(numbers.size())}; }
Size vector(const std::vector<int>& numbers) { return {int(numbers.size())}; }

Task work() {
  int size = 0;
  STATEMENT;
  (void)size;
}
CC
seen=
compile() {  # compiler and statement
  if "$1" -std=c++20 -c -o /dev/null "-DSTATEMENT=$2" probe.cc 2> errors; then
    outcome=compiled
  elif grep -q 'array used as initializer' errors; then
    outcome=refused
  else
    outcome=other
  fi
  echo "$1: $2: $outcome"
  seen="$seen $outcome"
}
g++-12 --version | head -n 1
clang-14 --version | head -n 1
for statement in 'size = co_await list({1, 2})' 'size = co_await vector({1, 2})' \
  'auto call = list({1, 2}); size = co_await call' \
  'auto numbers = {1, 2}; size = co_await list(numbers)' \
  'co_await std::suspend_never(), list({1, 2})'; do
  compile g++-12 "$statement"
  compile clang++-14 "$statement"
done
r='refused compiled' c='compiled compiled'
test "$seen" = " $r $r $c $c $r"
