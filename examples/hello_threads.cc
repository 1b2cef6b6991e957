// Says hello every 3 seconds and meanwhile answers each number n with F(n), by
// means of two threads: while one sleeps, or waits for input, or computes, the
// kernel lets the other one run.
//
// Try: 45. Hello goes on while it is computed, which none of the programs with
// one thread can do. Then type two numbers at once while fib(45) is running:
// they wait, because it is the reading thread that computes.

#include <chrono>
#include <future>
#include <iostream>
#include <string>
#include <thread>

#include "examples/fib.h"
#include "examples/hello.h"

using namespace std::chrono_literals;

int main() {
  // Python's daemon thread is stopped dead when the program ends. In C++ it
  // would run on while main() and the library tidy up, and use what is gone. So
  // its sleep is a wait for the end of input, at most 3 seconds long.
  std::promise<void> end_of_input;
  std::thread hello([ended = end_of_input.get_future()] {
    do examples::print_hello();
    while (ended.wait_for(3s) == std::future_status::timeout);
  });

  for (std::string line; std::getline(std::cin, line);) {
    examples::print_fib(line);
  }
  end_of_input.set_value();
  hello.join();
  // Ctrl-C ends it as it ends any program: by SIGINT, exit status 130 in a
  // shell. There is nothing to tidy up; each line was printed in one piece.
}
