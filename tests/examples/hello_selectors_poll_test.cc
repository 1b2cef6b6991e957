#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/examples/hello_suite.h"
#include "tests/examples/input_suite.h"
#include "tests/examples/run_program.h"

namespace examples {
namespace {

INSTANTIATE_TEST_SUITE_P(HelloSelectorsPoll, InputSuite,
                         runs_of("hello_selectors_poll"), name_of);
INSTANTIATE_TEST_SUITE_P(HelloSelectorsPoll, HelloSuite,
                         testing::Values(all_runs_of("hello_selectors_poll")));

using testing::ElementsAre;
using testing::HasSubstr;

TEST(HelloSelectorsPoll, LinesThatCameTogetherNeedOneSelect) {
  Program program("hello_selectors_poll", Stdin::kPipe,
                  {"", {"SELECTORS_TRACE=1"}});
  program.read_line();  // Hello
  program.error_lines_so_far();
  program.write("1\n2\n3\n");
  while (program.read_line() != "fib(3) = 2") {
  }
  const auto lines = program.error_lines_so_far();
  const auto is_select = [](const std::string& line) {
    return line.find("Selector.select(") != std::string::npos;
  };
  // Perhaps the call that was waiting, and perhaps the call that waits now.
  EXPECT_LE(std::ranges::count_if(lines, is_select), 2);
}

TEST(HelloSelectorsPoll, WhatCannotBeReadIsAnError) {
  Program program("hello_selectors_poll", Stdin::kFolder);
  EXPECT_THAT(program.read_error_lines(),
              ElementsAre("standard input: Is a directory"));
  EXPECT_EQ(program.wait().status, 1);
}

TEST(HelloSelectorsPoll, AnUnknownBackendIsNamed) {
  Program program("hello_selectors_poll", Stdin::kPipe,
                  {"", {"SELECTORS_BACKEND=tea_leaves"}});
  EXPECT_THAT(program.read_error_lines(),
              ElementsAre(HasSubstr("SELECTORS_BACKEND=tea_leaves")));
  EXPECT_EQ(program.wait().status, 1);
}

}  // namespace
}  // namespace examples
