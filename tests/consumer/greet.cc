// Functions that use tasks, compiled and not run.
#include <chrono>
#include <iostream>
#include <string>

#include "loop/loop.h"

loop::Coroutine<std::string> greet(std::string name) {
  co_await loop::sleep(std::chrono::milliseconds(1));
  co_return "Hello " + name;
}

void greet_both() {
  const auto [ada, guido] =
      loop::run(loop::gather(greet("Ada"), greet("Guido")));
  std::cout << ada << ", " << guido << '\n';
}
