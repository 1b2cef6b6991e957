#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/examples/hello_suite.h"
#include "tests/examples/input_suite.h"
#include "tests/examples/run_program.h"

namespace examples {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(HelloEventLoopCallback, InputSuite,
                         runs_of("hello_event_loop_callback"), name_of);
INSTANTIATE_TEST_SUITE_P(
    HelloEventLoopCallback, HelloSuite,
    testing::Values(all_runs_of("hello_event_loop_callback")));

class HelloEventLoopCallback : public testing::TestWithParam<Run> {};

INSTANTIATE_TEST_SUITE_P(Backends, HelloEventLoopCallback,
                         runs_of("hello_event_loop_callback"), name_of);

// Lines after "exit" are not answered, even if they arrived together with it.
TEST_P(HelloEventLoopCallback, ExitStopsIt) {
  for (const Stdin kind : {Stdin::kTerminal, Stdin::kPipe, Stdin::kFile}) {
    SCOPED_TRACE(kind);
    Program program(GetParam().name, kind,
                    GetParam().with("10\n exit \n20\nten\n"));
    EXPECT_THAT(answers_in(program.read_lines()), ElementsAre("fib(10) = 55"));
    EXPECT_THAT(program.read_error_lines(), IsEmpty());
    EXPECT_EQ(program.wait().status, 0);
  }
}

TEST_P(HelloEventLoopCallback, ExitAsALastLineWithoutNewline) {
  Program program(GetParam().name, Stdin::kFile, GetParam().with("10\nexit"));
  EXPECT_THAT(answers_in(program.read_lines()), ElementsAre("fib(10) = 55"));
  EXPECT_THAT(program.read_error_lines(), IsEmpty());
  EXPECT_EQ(program.wait().status, 0);
}

TEST_P(HelloEventLoopCallback, ALineThatOnlyBeginsWithExitDoesNot) {
  Program program(GetParam().name, Stdin::kFile,
                  GetParam().with("exits\nEXIT\n1\n"));
  EXPECT_THAT(answers_in(program.read_lines()), ElementsAre("fib(1) = 1"));
  EXPECT_THAT(program.read_error_lines(),
              ElementsAre("not a natural number: 'exits'",
                          "not a natural number: 'EXIT'"));
}

// A folder is reported ready again and again, so the program must not continue.
TEST_P(HelloEventLoopCallback, WhatCannotBeReadEndsIt) {
  Program program(GetParam().name, Stdin::kFolder, GetParam().with());
  EXPECT_THAT(program.read_error_lines(),
              ElementsAre("standard input: Is a directory"));
  EXPECT_EQ(program.wait().status, 1);
}

TEST(HelloEventLoopCallbackStart, AnUnknownBackendIsNamed) {
  Program program("hello_event_loop_callback", Stdin::kPipe,
                  {"", {"SELECTORS_BACKEND=tea_leaves"}});
  EXPECT_THAT(program.read_error_lines(),
              ElementsAre(HasSubstr("SELECTORS_BACKEND=tea_leaves")));
  EXPECT_EQ(program.wait().status, 1);
}

}  // namespace
}  // namespace examples
