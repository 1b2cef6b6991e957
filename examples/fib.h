// `fib()`, `print_fib()`: the work of the example programs. The computation can
// be made as long as you like, to watch the rest of the program.

#ifndef EXAMPLES_FIB_H_
#define EXAMPLES_FIB_H_

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numbers>
#include <string>
#include <string_view>
#include <system_error>

#include "examples/log_execution_time.h"
#include "examples/print_line.h"

namespace examples {

/// The n of the last Fibonacci number below 2^64, F(93). (Python's numbers have
/// no end.)
inline constexpr unsigned kLargestN = 93;

/// Returns F(n), computed by its definition, which is the slowest way.
constexpr std::uint64_t fib(unsigned n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/// Returns F(n), and prints the time that the computation took.
inline auto timed_fib = log_execution_time("fib", fib);

/// Returns the approximate number of calls that compute fib(n): 2 F(n + 1) - 1,
/// by Binet's formula. A billion calls take about a second: fib(40) returns at
/// once, fib(50) takes a minute, and fib(93) a thousand years.
inline double calls_of_fib(unsigned n) {
  return 2 * std::pow(std::numbers::phi, n + 1) / std::sqrt(5) - 1;
}

/// Returns `text` without the blanks around it, such as the '\r' of a file from
/// Windows.
inline std::string_view stripped(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

/// Answers a line of input, n, with "fib(n) = F(n)", or prints the reason on
/// standard error if there is no answer. Python's int(line) raises for invalid
/// input and ends the program; this program continues.
inline void print_fib(std::string_view line) {
  const std::string text(stripped(line));
  const char* const end = text.data() + text.size();
  std::uint64_t n = 0;
  const auto [parsed, error] = std::from_chars(text.data(), end, n);
  if (error == std::errc::invalid_argument || parsed != end) {
    print_line("not a natural number: '" + text + "'", stderr);
    return;
  }
  if (error == std::errc::result_out_of_range || n > kLargestN) {
    print_line("fib(" + text + ") does not fit into 64 bits; fib(93) does",
               stderr);
    return;
  }
  // A long computation is not refused, because the examples are about this: the
  // caller of a function waits for it, and a single thread can do nothing else.
  const double calls = calls_of_fib(static_cast<unsigned>(n));
  if (calls > 1e10) {
    char count[32];
    std::snprintf(count, sizeof(count), "%.1e", calls);
    print_line("fib(" + text + ") calls itself " + count +
                   " times, and no line is read meanwhile; Ctrl-C ends it",
               stderr);
  }
  const std::uint64_t result = timed_fib(static_cast<unsigned>(n));
  print_line("fib(" + std::to_string(n) + ") = " + std::to_string(result));
}

}  // namespace examples

#endif  // EXAMPLES_FIB_H_
