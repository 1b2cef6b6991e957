// A decorator: a function that takes a function, and returns one that does the
// same and a little more.

#ifndef EXAMPLES_LOG_EXECUTION_TIME_H_
#define EXAMPLES_LOG_EXECUTION_TIME_H_

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "examples/print_line.h"

namespace examples {

// Takes the time from here to the end of the block that it stands in. Its
// destructor runs after the block's result is made, whatever that is, nothing
// and a reference included, and also if the block is left by an exception.
class Stopwatch {
 public:
  explicit Stopwatch(const char* name) : name_(name) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    const std::chrono::duration<double> elapsed = Clock::now() - start_;
    char seconds[32];
    std::snprintf(seconds, sizeof(seconds), "%.3f", elapsed.count());
    print_line(std::string("Executing ") + name_ + " took " + seconds +
               " seconds.");
  }

 private:
  using Clock = std::chrono::steady_clock;  // Nobody sets it back meanwhile.

  const char* const name_;
  const Clock::time_point start_ = Clock::now();
};

// Returns a function that does what `function` does and then prints how long
// that took. The name is given, because a C++ function does not know its own.
template <class Function>
auto log_execution_time(const char* name, Function function) {
  return [name, function = std::move(function)](
             auto&&... args) mutable -> decltype(auto) {
    const Stopwatch stopwatch(name);
    return std::invoke(function, std::forward<decltype(args)>(args)...);
  };
}

}  // namespace examples

#endif  // EXAMPLES_LOG_EXECUTION_TIME_H_
