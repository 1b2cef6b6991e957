// `log_execution_time()`: a decorator, that is, a function that takes a
// function and returns a similar one. The returned function also prints its
// duration.

#ifndef EXAMPLES_LOG_EXECUTION_TIME_H_
#define EXAMPLES_LOG_EXECUTION_TIME_H_

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "examples/print_line.h"

namespace examples {

/// Measures the time from its construction to the end of the enclosing block,
/// where the destructor prints the time. The result of the block, of any type
/// (also void, also a reference), is made before the destructor runs. The
/// destructor also runs if an exception leaves the block.
class Stopwatch {
 public:
  /// Starts to measure. `name`, which must outlive the stopwatch, is printed.
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
  using Clock = std::chrono::steady_clock;  // This clock is never set back.

  const char* const name_;
  const Clock::time_point start_ = Clock::now();
};

/// Returns a function that calls `function` and then prints the duration of the
/// call. The caller passes the name, because a C++ function does not know its
/// own.
///
/// ```cpp
/// auto timed_fib = log_execution_time("fib", fib);
/// ```
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
