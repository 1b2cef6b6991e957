// A program that imports the library, and includes the standard headers that it
// uses itself.
#include <unistd.h>

#include <chrono>
#include <coroutine>
#include <cstdio>
#include <string>
#include <tuple>

import loop;

using namespace std::chrono_literals;

loop::Coroutine<std::string> greet(std::string name) {
  co_await loop::sleep(1ms);
  co_return "Hello " + name;
}

loop::Coroutine<> greet_both() {
  const auto [a, b] = co_await loop::gather(greet("Ada"), greet("Guido"));
  std::puts((a + ", " + b).c_str());
}

int main() {
  int fds[2];
  if (::pipe(fds) != 0 || ::write(fds[1], "x", 1) != 1) return 1;
  selectors::DefaultSelector selector;
  selector.register_(fds[0], selectors::EVENT_READ);
  for (const auto& [key, events] : selector.select(1s)) {
    std::puts(key.fd == fds[0] ? "readable" : "odd");
  }
  loop::run(greet_both());
}
