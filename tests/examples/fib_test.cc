#include "examples/fib.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <utility>

#include "tests/examples/input_suite.h"

namespace examples {
namespace {

// fib uses no selector, so there is no choice of backends.
INSTANTIATE_TEST_SUITE_P(Fib, InputSuite, testing::Values(Run{"fib", ""}));

TEST(Fib, EachIsTheSumOfTheTwoBeforeUpToTheLargest) {
  std::uint64_t before = 0, now = 1;  // F(n - 1), F(n)
  for (unsigned n = 1; n < kLargestN; ++n) {
    if (n <= 20) {
      EXPECT_EQ(fib(n), now) << n;
    }
    ASSERT_LE(before, std::numeric_limits<std::uint64_t>::max() - now) << n;
    before = std::exchange(now, before + now);
  }
  // The next number does not fit any more.
  EXPECT_GT(before, std::numeric_limits<std::uint64_t>::max() - now);
}

TEST(Fib, CallsItselfAsOftenAsItSays) {
  // One call, and the calls of the two numbers before.
  double calls[21] = {1, 1};
  for (unsigned n = 2; n <= 20; ++n) calls[n] = 1 + calls[n - 1] + calls[n - 2];
  EXPECT_NEAR(calls_of_fib(20), calls[20], 1);
}

}  // namespace
}  // namespace examples
