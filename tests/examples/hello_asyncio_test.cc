#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

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

INSTANTIATE_TEST_SUITE_P(HelloAsyncio, InputSuite,
                         runs_of("hello_asyncio", true), name_of);
INSTANTIATE_TEST_SUITE_P(HelloAsyncio, HelloSuite,
                         testing::Values(all_runs_of("hello_asyncio")));

class HelloAsyncio : public testing::TestWithParam<Run> {};

INSTANTIATE_TEST_SUITE_P(Backends, HelloAsyncio, runs_of("hello_asyncio"),
                         name_of);

TEST_P(HelloAsyncio, ExitStopsIt) {
  for (const Stdin kind : {Stdin::kTerminal, Stdin::kPipe, Stdin::kFile}) {
    SCOPED_TRACE(kind);
    Program program(GetParam().name, kind,
                    GetParam().with("10\n exit \n20\nten\n"));
    EXPECT_THAT(answers_in(program.read_lines()), ElementsAre("fib(10) = 55"));
    EXPECT_THAT(program.read_error_lines(), IsEmpty());
    EXPECT_EQ(program.wait().status, 0);
  }
}

// A folder is reported ready again and again, so the program must not continue.
TEST_P(HelloAsyncio, WhatCannotBeReadEndsIt) {
  Program program(GetParam().name, Stdin::kFolder, GetParam().with());
  EXPECT_THAT(program.read_error_lines(),
              ElementsAre("standard input: Is a directory"));
  EXPECT_EQ(program.wait().status, 1);
}

TEST_P(HelloAsyncio, SigUsr2ShowsItsTasks) {
  Program program(GetParam().name, Stdin::kPipe, GetParam().with());
  EXPECT_THAT(program.read_line(), HasSubstr("Hello world!"));
  program.send(SIGUSR2);
  EXPECT_EQ(program.read_error_line(), "Task-1");
  EXPECT_THAT(program.read_error_line(),
              HasSubstr("└── hello_asyncio examples/hello_asyncio.cc:"));
  EXPECT_EQ(program.read_error_line(), "hello");
  EXPECT_THAT(program.read_error_line(),
              HasSubstr("└── say_hello examples/hello_asyncio.cc:"));
  program.end_input();
  EXPECT_EQ(program.wait().status, 0);
}

}  // namespace
}  // namespace examples
