#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

TEST(TwoThreads, ResultsInOrderAndTicksMeanwhile) {
  Program program("two_threads", Stdin::kDevNull);
  std::vector<std::string> lines = program.read_lines();
  EXPECT_GE(std::erase(lines, "tick"), 1u);
  EXPECT_THAT(lines,
              testing::ElementsAre("fib(30) = 832040", "fib(31) = 1346269",
                                   "fib(32) = 2178309", "fib(33) = 3524578",
                                   "fib(34) = 5702887", "fib(35) = 9227465"));
  EXPECT_THAT(program.read_error_lines(), testing::IsEmpty());
  EXPECT_EQ(program.wait().status, 0);
}

}  // namespace
}  // namespace examples
