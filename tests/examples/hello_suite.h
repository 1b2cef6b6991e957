// `HelloSuite`: the times at which a program says hello, with every selector.
// The test of a program instantiates this suite as it does InputSuite.

#ifndef TESTS_EXAMPLES_HELLO_SUITE_H_
#define TESTS_EXAMPLES_HELLO_SUITE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <future>
#include <list>
#include <string>
#include <vector>

#include "tests/examples/input_suite.h"
#include "tests/examples/run_program.h"

namespace examples {

// The parameter is all runs of a program, so that they can rest at the same
// time.
class HelloSuite : public testing::TestWithParam<std::vector<Run>> {
 protected:
  using Clock = std::chrono::steady_clock;

  // Reads a line, and expects it to be a greeting with the time of now, which
  // is at least `since`.
  static void expect_hello(Program& program, std::time_t since) {
    const std::string line = program.read_line();
    std::size_t digits = 0;
    const long long when = std::stoll(line, &digits);
    EXPECT_EQ(line.substr(digits), " - Hello world!");
    EXPECT_GE(when, since);
    EXPECT_LE(when, std::time(nullptr));
  }

  // Expects a program that was started at `start`, which is `start_date`, or
  // later to say hello twice.
  static void expect_rest(Program& program, bool has_futures,
                          Clock::time_point start, std::time_t start_date) {
    expect_hello(program, start_date);
    expect_hello(program, start_date + 2);  // Both are rounded down.
    EXPECT_GE(Clock::now() - start, std::chrono::seconds(3));

    int selects = 0;
    for (const std::string& line : program.error_lines_so_far()) {
      if (line.find("Selector.select(") != std::string::npos) ++selects;
    }
    // Two waits and a poll. A future is done one iteration before its callback
    // runs.
    EXPECT_LE(selects, has_futures ? 5 : 3);
    program.end_input();
    EXPECT_LT(program.wait().cpu_time, std::chrono::seconds(1));
  }
};

TEST_P(HelloSuite, AtOnceOnEveryInput) {
  for (const auto& run : GetParam()) {
    SCOPED_TRACE(run);
    for (const Stdin kind :
         {Stdin::kTerminal, Stdin::kPipe, Stdin::kFile, Stdin::kDevNull}) {
      SCOPED_TRACE(kind);
      const std::time_t start = std::time(nullptr);
      Program program(run.name, kind, run.with());
      expect_hello(program, start);
      program.end_input();
      EXPECT_TRUE(program.read_lines().empty());
    }
  }
}

// Waiting takes no processor time. As the trace of the programs with a selector
// shows, waiting also makes no system calls.
TEST_P(HelloSuite, AgainAfterThreeSecondsOfRest) {
  const auto start = Clock::now();
  const std::time_t start_date = std::time(nullptr);
  std::list<Program> programs;
  for (const auto& run : GetParam()) {
    RunOptions options = run.with();
    options.environment.push_back("SELECTORS_TRACE=1");
    programs.emplace_back(run.name, Stdin::kTerminal, options);
  }
  // Each program has a thread, which notes the time when it says hello.
  std::vector<std::future<void>> rests;
  for (auto program = programs.begin(); const auto& run : GetParam()) {
    rests.push_back(
        std::async(std::launch::async, [&run, program, start, start_date] {
          SCOPED_TRACE(run);
          const bool has_futures = run.name == "hello_event_loop_future";
          expect_rest(*program, has_futures, start, start_date);
        }));
    ++program;
  }
  for (std::future<void>& rest : rests) rest.get();
}

}  // namespace examples

#endif  // TESTS_EXAMPLES_HELLO_SUITE_H_
