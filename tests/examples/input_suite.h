// `InputSuite`: the rules for the standard input of every program that answers
// numbers, with every kind of input and every selector. The test of a program
// instantiates this suite:
//
//   INSTANTIATE_TEST_SUITE_P(fib, InputSuite, runs_of("fib"), name_of);

#ifndef TESTS_EXAMPLES_INPUT_SUITE_H_
#define TESTS_EXAMPLES_INPUT_SUITE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <initializer_list>
#include <regex>
#include <string>
#include <vector>

#include "tests/examples/backends.h"
#include "tests/examples/run_program.h"

namespace examples {

// A program, and SELECTORS_BACKEND.
struct Run {
  std::string name;
  std::string backend;
  // True if the first Ctrl-C only requests that the computation end.
  bool asks_before_it_ends = false;

  RunOptions with(const std::string& input = "") const {
    return {input, {"SELECTORS_BACKEND=" + backend}};
  }
};

inline std::ostream& operator<<(std::ostream& stream, const Run& run) {
  return stream << run.name << " on " << run.backend;
}

inline std::string name_of(const testing::TestParamInfo<Run>& info) {
  return info.param.backend;
}

// Returns the runs of a program, one on every backend.
inline std::vector<Run> all_runs_of(const std::string& name,
                                    bool asks_before_it_ends = false) {
  std::vector<Run> runs;
  for (const std::string& backend : available_backends()) {
    runs.push_back({name, backend, asks_before_it_ends});
  }
  return runs;
}

// Returns a parameter of each of these runs.
inline auto runs_of(const std::string& name, bool asks_before_it_ends = false) {
  return testing::ValuesIn(all_runs_of(name, asks_before_it_ends));
}

// Returns the printed lines that answer a number. Fails the test if there are
// other lines than these, the time of each computation, and greetings.
inline std::vector<std::string> answers_in(
    const std::vector<std::string>& lines) {
  static const std::regex kHello("[0-9]{10,} - Hello world!");
  static const std::regex kTime(
      "Executing fib took [0-9]+\\.[0-9]{3} seconds\\.");
  static const std::regex kAnswer("fib\\([0-9]+\\) = [0-9]+");
  std::vector<std::string> answers;
  std::size_t times = 0;
  for (const std::string& line : lines) {
    if (std::regex_match(line, kAnswer)) {
      answers.push_back(line);
      EXPECT_EQ(times, answers.size()) << "no time taken before " << line;
    } else if (std::regex_match(line, kTime)) {
      ++times;
    } else {
      EXPECT_TRUE(std::regex_match(line, kHello)) << line;
    }
  }
  EXPECT_EQ(times, answers.size());
  return answers;
}

class InputSuite : public testing::TestWithParam<Run> {
 protected:
  // The output of a program between its start and the end of its input.
  struct Output {
    std::vector<std::string> answers;
    std::vector<std::string> errors;
    int status;
  };

  static Output output_for(Stdin kind, const std::string& input) {
    Program program(GetParam().name, kind, GetParam().with(input));
    program.end_input();
    // Within a line, the first Ctrl-D only passes on the typed characters.
    const bool in_a_line = !input.empty() && input.back() != '\n';
    if (kind == Stdin::kTerminal && in_a_line) program.end_input();
    Output output = {answers_in(program.read_lines()),
                     program.read_error_lines(), 0};
    output.status = program.wait().status;
    return output;
  }

  // Expects the same answers from a terminal, a pipe and a file.
  static void expect_output(const std::string& input,
                            const std::vector<std::string>& answers,
                            const std::vector<std::string>& errors = {}) {
    for (const Stdin kind : {Stdin::kTerminal, Stdin::kPipe, Stdin::kFile}) {
      SCOPED_TRACE(kind);
      const Output output = output_for(kind, input);
      EXPECT_EQ(output.answers, answers);
      EXPECT_EQ(output.errors, errors);
      EXPECT_EQ(output.status, 0);
    }
  }

  // Lets the program answer a first number, so that it is certainly at work.
  static void make_answer(Program& program) {
    program.write("1\n");
    while (program.read_line() != "fib(1) = 1") {
    }
  }
};

TEST_P(InputSuite, NoInput) { expect_output("", {}); }

TEST_P(InputSuite, DevNull) {
  const Output output = output_for(Stdin::kDevNull, "");
  EXPECT_THAT(output.answers, testing::IsEmpty());
  EXPECT_THAT(output.errors, testing::IsEmpty());
  EXPECT_EQ(output.status, 0);
}

TEST_P(InputSuite, SeveralLinesAtOnce) {
  expect_output("10\n0\n1\n2\n20\n",
                {"fib(10) = 55", "fib(0) = 0", "fib(1) = 1", "fib(2) = 1",
                 "fib(20) = 6765"});
}

TEST_P(InputSuite, LastLineWithoutNewline) {
  expect_output("10\n20", {"fib(10) = 55", "fib(20) = 6765"});
  expect_output("7", {"fib(7) = 13"});
}

TEST_P(InputSuite, BlanksAroundTheNumber) {
  expect_output(" 10\t\n\t20 \n", {"fib(10) = 55", "fib(20) = 6765"});
}

// A terminal makes '\n' of '\r', so it never sends both.
TEST_P(InputSuite, FileFromWindows) {
  const Output output = output_for(Stdin::kFile, "10\r\n20\r\n");
  EXPECT_THAT(output.answers,
              testing::ElementsAre("fib(10) = 55", "fib(20) = 6765"));
  EXPECT_THAT(output.errors, testing::IsEmpty());
}

TEST_P(InputSuite, BadLinesAreNamedAndTheOthersAnswered) {
  expect_output("10\nten\n\n-1\n3x\n3 4\n1.5\n0x10\n+5\n \n20\n",
                {"fib(10) = 55", "fib(20) = 6765"},
                {
                    "not a natural number: 'ten'",
                    "not a natural number: ''",
                    "not a natural number: '-1'",
                    "not a natural number: '3x'",
                    "not a natural number: '3 4'",
                    "not a natural number: '1.5'",
                    "not a natural number: '0x10'",
                    "not a natural number: '+5'",
                    "not a natural number: ''",
                });
}

TEST_P(InputSuite, WhatOverflowsIsRefused) {
  expect_output("94\n4294967297\n18446744073709551616\n10\n", {"fib(10) = 55"},
                {
                    "fib(94) does not fit into 64 bits; fib(93) does",
                    "fib(4294967297) does not fit into 64 bits; fib(93) does",
                    "fib(18446744073709551616) does not fit into 64 bits; "
                    "fib(93) does",
                });
}

TEST_P(InputSuite, MoreThanOneReadBringsIn) {
  std::string input;
  std::vector<std::string> answers;
  for (int i = 0; i < 5'000; ++i) {
    input += "5\n";
    answers.push_back("fib(5) = 5");
  }
  const std::string long_line(10'000, '1');
  const Output output = output_for(Stdin::kFile, input + long_line + "\n6");
  answers.push_back("fib(6) = 8");
  EXPECT_EQ(output.answers, answers);
  EXPECT_EQ(output.errors, std::vector<std::string>{
                               "fib(" + long_line +
                               ") does not fit into 64 bits; fib(93) does"});
}

// Answers come at once, into a pipe as well, not when the program ends.
TEST_P(InputSuite, AnswersBeforeTheNextQuestion) {
  for (const Stdin kind : {Stdin::kTerminal, Stdin::kPipe}) {
    SCOPED_TRACE(kind);
    Program program(GetParam().name, kind, GetParam().with());
    make_answer(program);
    program.write("x\n");
    EXPECT_EQ(program.read_error_line(), "not a natural number: 'x'");
    make_answer(program);
  }
}

TEST_P(InputSuite, LineInPieces) {
  Program program(GetParam().name, Stdin::kPipe, GetParam().with());
  for (const char* piece : {"1", "0\n2", "0", "\n"}) {
    program.write(piece);
    program.wait_until_input_is_read();
  }
  program.end_input();
  EXPECT_THAT(answers_in(program.read_lines()),
              testing::ElementsAre("fib(10) = 55", "fib(20) = 6765"));
}

// Stops and continues the program, like Ctrl-Z and fg. On Linux this ends a
// wait of epoll with EINTR.
TEST_P(InputSuite, StoppedAndContinued) {
  Program program(GetParam().name, Stdin::kTerminal, GetParam().with());
  make_answer(program);
  program.stop_and_continue();
  make_answer(program);
  program.end_input();
  EXPECT_EQ(program.wait().status, 0);
}

TEST_P(InputSuite, ControlC) {
  Program program(GetParam().name, Stdin::kTerminal, GetParam().with());
  make_answer(program);
  program.interrupt();
  answers_in(program.read_lines());  // All are whole.
  EXPECT_EQ(program.wait().status, 128 + SIGINT);
}

// F(93) fits, so the program does not refuse it. But the user is warned, and
// can still end the program. One Ctrl-C may be only a request, but a second is
// not.
TEST_P(InputSuite, AThousandYearsAreAnnounced) {
  Program program(GetParam().name, Stdin::kTerminal, GetParam().with());
  program.write("93\n");
  EXPECT_EQ(program.read_error_line(),
            "fib(93) calls itself 3.9e+19 times, and no line is read "
            "meanwhile; Ctrl-C ends it");
  program.interrupt();
  while (GetParam().asks_before_it_ends && !program.has_ended()) {
    program.send(SIGINT);
  }
  EXPECT_EQ(program.wait().status, 128 + SIGINT);
}

}  // namespace examples

#endif  // TESTS_EXAMPLES_INPUT_SUITE_H_
