// Tests for the three programs that send lines to a coroutine. Their output is
// the same, except for the goodbye of the last one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

using Lines = std::vector<std::string>;
using testing::IsEmpty;

class Grep : public testing::TestWithParam<const char*> {
 protected:
  // Returns the output for `input` between the first line and the last words.
  static Lines found_in(Stdin kind, const std::string& input,
                        const Lines& arguments = {}) {
    Program program(GetParam(), kind, {input, {}, arguments});
    EXPECT_EQ(program.read_line(),
              "Looking for " + (arguments.empty() ? "python" : arguments[0]));
    program.end_input();
    const bool in_a_line = !input.empty() && input.back() != '\n';
    if (kind == Stdin::kTerminal && in_a_line) program.end_input();
    Lines lines = program.read_lines();
    if (says_goodbye()) {
      EXPECT_THAT(lines, testing::Contains("Going away. Goodbye").Times(1));
      if (!lines.empty()) lines.pop_back();
    }
    EXPECT_THAT(program.read_error_lines(), IsEmpty());
    EXPECT_EQ(program.wait().status, 0);
    return lines;
  }

  static void expect_found(const std::string& input, const Lines& lines,
                           const Lines& arguments = {}) {
    for (const Stdin kind : {Stdin::kTerminal, Stdin::kPipe, Stdin::kFile}) {
      SCOPED_TRACE(kind);
      EXPECT_EQ(found_in(kind, input, arguments), lines);
    }
  }

  static bool says_goodbye() { return std::string(GetParam()) == "grep_close"; }
};

INSTANTIATE_TEST_SUITE_P(Programs, Grep,
                         testing::Values("grep", "grep_primed", "grep_close"),
                         [](const auto& run) { return run.param; });

TEST_P(Grep, NoInput) {
  expect_found("", {});
  EXPECT_THAT(found_in(Stdin::kDevNull, ""), IsEmpty());
}

TEST_P(Grep, SeveralLinesAtOnce) {
  expect_found("a snake\na python\n\nthe python generators\nPython\n",
               {"a python", "the python generators"});
}

TEST_P(Grep, LastLineWithoutNewline) {
  expect_found("none\na python", {"a python"});
  expect_found("none", {});
}

TEST_P(Grep, AnotherPattern) {
  expect_found("a python\nan adder\n", {"an adder"}, {"add"});
  expect_found("one\ntwo\n", {"one", "two"}, {""});
}

TEST_P(Grep, MoreThanOneReadBringsIn) {
  std::string input;
  Lines lines;
  for (int i = 0; i < 5'000; ++i) {
    input += "python " + std::to_string(i) + "\nadder\n";
    lines.push_back("python " + std::to_string(i));
  }
  EXPECT_EQ(found_in(Stdin::kFile, input), lines);
}

TEST_P(Grep, PrintsBeforeTheNextLineComes) {
  for (const Stdin kind : {Stdin::kTerminal, Stdin::kPipe}) {
    SCOPED_TRACE(kind);
    Program program(GetParam(), kind);
    program.read_line();
    for (const char* line : {"python 1", "python 2"}) {
      program.write(std::string(line) + "\n");
      EXPECT_EQ(program.read_line(), line);
    }
  }
}

TEST_P(Grep, ControlC) {
  Program program(GetParam(), Stdin::kTerminal);
  program.read_line();
  program.interrupt();
  EXPECT_THAT(program.read_lines(), IsEmpty());
  EXPECT_EQ(program.wait().status, 128 + SIGINT);
}

TEST_P(Grep, TooManyArguments) {
  Program program(GetParam(), Stdin::kDevNull, {"", {}, {"a", "b"}});
  EXPECT_THAT(
      program.read_error_lines(),
      testing::ElementsAre(std::string("usage: ") + GetParam() + " [PATTERN]"));
  EXPECT_EQ(program.wait().status, 2);
}

}  // namespace
}  // namespace examples
