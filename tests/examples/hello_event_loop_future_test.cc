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

using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(HelloEventLoopFuture, InputSuite,
                         runs_of("hello_event_loop_future"), name_of);
INSTANTIATE_TEST_SUITE_P(
    HelloEventLoopFuture, HelloSuite,
    testing::Values(all_runs_of("hello_event_loop_future")));

class HelloEventLoopFuture : public testing::TestWithParam<Run> {};

INSTANTIATE_TEST_SUITE_P(Backends, HelloEventLoopFuture,
                         runs_of("hello_event_loop_future"), name_of);

// Lines after "exit" are not answered, even if they arrived together with it.
TEST_P(HelloEventLoopFuture, ExitStopsIt) {
  for (const Stdin kind : {Stdin::kTerminal, Stdin::kPipe, Stdin::kFile}) {
    SCOPED_TRACE(kind);
    Program program(GetParam().name, kind,
                    GetParam().with("10\n exit \n20\nten\n"));
    EXPECT_THAT(answers_in(program.read_lines()), ElementsAre("fib(10) = 55"));
    EXPECT_THAT(program.read_error_lines(), IsEmpty());
    EXPECT_EQ(program.wait().status, 0);
  }
}

TEST_P(HelloEventLoopFuture, ExitAsALastLineWithoutNewline) {
  Program program(GetParam().name, Stdin::kFile, GetParam().with("10\nexit"));
  EXPECT_THAT(answers_in(program.read_lines()), ElementsAre("fib(10) = 55"));
  EXPECT_THAT(program.read_error_lines(), IsEmpty());
  EXPECT_EQ(program.wait().status, 0);
}

TEST_P(HelloEventLoopFuture, ALineThatOnlyBeginsWithExitDoesNot) {
  Program program(GetParam().name, Stdin::kFile,
                  GetParam().with("exits\nEXIT\n1\n"));
  EXPECT_THAT(answers_in(program.read_lines()), ElementsAre("fib(1) = 1"));
  EXPECT_THAT(program.read_error_lines(),
              ElementsAre("not a natural number: 'exits'",
                          "not a natural number: 'EXIT'"));
}

// The error is thrown where the result would have been returned.
TEST_P(HelloEventLoopFuture, WhatCannotBeReadEndsIt) {
  Program program(GetParam().name, Stdin::kFolder, GetParam().with());
  EXPECT_THAT(program.read_error_lines(),
              ElementsAre("standard input: Is a directory"));
  EXPECT_EQ(program.wait().status, 1);
}

}  // namespace
}  // namespace examples
