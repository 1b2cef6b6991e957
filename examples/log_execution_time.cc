// Wraps two callables so that each call prints its duration: a function that
// returns a value, and a lambda that returns nothing.
//
// Try: wrap a function of your own.

#include "examples/log_execution_time.h"

#include <algorithm>
#include <string>
#include <vector>

#include "examples/print_line.h"

std::vector<int> count_down_from(int n) {
  std::vector<int> numbers;
  while (n > 0) numbers.push_back(n--);
  return numbers;
}

int main() {
  auto timed_count = examples::log_execution_time("count", count_down_from);
  auto timed_sort = examples::log_execution_time(
      "sort", [](auto& numbers) { std::ranges::sort(numbers); });

  std::vector<int> numbers = timed_count(100'000);
  timed_sort(numbers);
  examples::print_line("The smallest is " + std::to_string(numbers.front()) +
                       ".");
}
