// Coroutines, one after the other and concurrently.
//
// Calling a coroutine makes an object and runs nothing. co_await runs the
// coroutine and waits until it has returned, so the first two coroutines take
// 0.1 + 0.2 seconds, like functions that sleep. create_task() lets a coroutine
// run on its own, and co_await only waits for the remaining time, so the second
// two coroutines take 0.2 seconds.
//
// After an example of Python's documentation ("Coroutines and Tasks"), at ten
// times its pace.
//
// Try: leave out a co_await before say_after(). The compiler warns, and the
// program reports that the coroutine was never awaited.

#include <chrono>
#include <string>

#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;

loop::Coroutine<> say_after(std::chrono::milliseconds delay, std::string what) {
  co_await loop::sleep(delay);
  print_line(what);
}

// Returns the time since `start`, in tenths of a second.
std::string since(loop::TimePoint start) {
  const auto elapsed = loop::get_running_loop().time() - start;
  return std::to_string(elapsed / 100ms);
}

loop::Coroutine<> hello_coroutine() {
  const auto start = loop::get_running_loop().time();
  co_await say_after(100ms, "hello");
  co_await say_after(200ms, "world");
  print_line("one after the other: " + since(start));

  const auto again = loop::get_running_loop().time();
  const auto hello = loop::create_task(say_after(100ms, "hello"));
  const auto world = loop::create_task(say_after(200ms, "world"));
  co_await hello;
  co_await world;
  print_line("side by side: " + since(again));
}

int main() { loop::run(hello_coroutine()); }
