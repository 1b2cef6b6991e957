// Endless sequences, of which the caller takes as many numbers as needed: the
// first 8 Fibonacci numbers, or with arguments
//
//   generators [fib | naturals | zeros | repeat [COUNT]]
//
// A function that returns a list of all natural numbers does not return. A
// generator is left at each co_yield, with a number for its caller, and resumed
// there when the caller wants another number. Its variables keep their values,
// as if the generator had only called a function.
//
// fib and naturals are written as they are defined, recursively: the natural
// numbers from n are n followed by the numbers from n + 1. Each generator
// delegates to another generator (Python's `yield from`), and that one to the
// next. Python resumes all of them for each number, so that n numbers cost n *
// n steps, and fails at a depth of 1,000. Here the first one knows the last
// one.
//
// Try: generators naturals 100000 | tail -1. And generators fib 1000: Python's
// numbers would continue, but the numbers of 64 bits end.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "examples/print_line.h"
#include "loop/generators/generator.h"

using examples::print_line;
using loop::Generator;
using loop::yield_from;
using Number = std::uint64_t;

constexpr Number kLargest = std::numeric_limits<Number>::max();

Generator<Number> naturals(Number n = 0) {
  co_yield n;
  if (n < kLargest) co_yield yield_from(naturals(n + 1));
}

Generator<Number> zeros() {
  for (;;) co_yield 0;
}

Generator<Number> repeat(std::vector<Number> numbers) {
  for (;;) co_yield yield_from(numbers);
}

// Each number is the sum of the two before it.
Generator<Number> fib(Number a = 0, Number b = 1) {
  co_yield a;
  if (b <= kLargest - a) {
    co_yield yield_from(fib(b, a + b));
  } else {
    co_yield b;
  }
}

std::optional<Generator<Number>> generator_named(std::string_view name) {
  if (name == "fib") return fib();
  if (name == "naturals") return naturals();
  if (name == "zeros") return zeros();
  if (name == "repeat") return repeat({1, 2, 3});
  return std::nullopt;
}

std::optional<std::size_t> parsed(std::string_view text) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

int main(int argc, char* argv[]) try {
  auto numbers = generator_named(argc > 1 ? argv[1] : "fib");
  const auto count = parsed(argc > 2 ? argv[2] : "8");
  if (argc > 3 || !numbers || !count) {
    print_line("usage: generators [fib | naturals | zeros | repeat [COUNT]]",
               stderr);
    return 2;
  }
  for (std::size_t i = 0; i < *count; ++i) {
    const auto number = numbers->next();
    if (!number) break;
    print_line(std::to_string(*number));
  }
} catch (const std::exception& error) {
  print_line(error.what(), stderr);
  return 1;
}
