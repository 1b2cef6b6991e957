#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines_with(const std::vector<std::string>& arguments) {
  Program program("generators", Stdin::kDevNull, {"", {}, arguments});
  std::vector<std::string> lines = program.read_lines();
  EXPECT_THAT(program.read_error_lines(), IsEmpty());
  EXPECT_EQ(program.wait().status, 0);
  return lines;
}

TEST(Generators, TheFirstEightFibonacciNumbers) {
  EXPECT_THAT(lines_with({}),
              ElementsAre("0", "1", "1", "2", "3", "5", "8", "13"));
}

TEST(Generators, Each) {
  EXPECT_THAT(lines_with({"fib", "3"}), ElementsAre("0", "1", "1"));
  EXPECT_THAT(lines_with({"naturals", "3"}), ElementsAre("0", "1", "2"));
  EXPECT_THAT(lines_with({"zeros", "3"}), ElementsAre("0", "0", "0"));
  EXPECT_THAT(lines_with({"repeat", "4"}), ElementsAre("1", "2", "3", "1"));
  EXPECT_THAT(lines_with({"zeros", "0"}), IsEmpty());
}

TEST(Generators, FibEndsWhereSixtyFourBitsDo) {
  const std::vector<std::string> lines = lines_with({"fib", "1000"});
  EXPECT_EQ(lines.size(), 94u);
  EXPECT_EQ(lines.back(), "12200160415121876738");  // F(93)
}

TEST(Generators, ADeepRecursion) {
  EXPECT_EQ(lines_with({"naturals", "100000"}).back(), "99999");
}

TEST(Generators, WhatItDoesNotKnowIsRefused) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"primes"},
        {"fib", "ten"},
        {"fib", "-1"},
        {"fib", "8", "9"}}) {
    Program program("generators", Stdin::kDevNull, {"", {}, arguments});
    EXPECT_THAT(program.read_error_lines(),
                ElementsAre("usage: generators [fib | naturals | zeros | "
                            "repeat [COUNT]]"));
    EXPECT_THAT(program.read_lines(), IsEmpty());
    EXPECT_EQ(program.wait().status, 2);
  }
}

}  // namespace
}  // namespace examples
