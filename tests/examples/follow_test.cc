// Tests for both programs that follow a file, on each backend. pipeline, with a
// pattern that is in every line, does the same as follow.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/examples/backends.h"
#include "tests/examples/log_file.h"
#include "tests/examples/run_program.h"

namespace examples {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Waits until the program has read the whole file and waits for more, which its
// trace shows.
void wait_until_it_waits(Program& program) {
  while (program.read_error_line().find("Selector.select(") ==
         std::string::npos) {
  }
}

RunOptions with(const std::string& backend,
                const std::vector<std::string>& arguments) {
  return {"", {"SELECTORS_BACKEND=" + backend, "SELECTORS_TRACE=1"}, arguments};
}

class Follow
    : public testing::TestWithParam<std::tuple<const char*, std::string>> {
 protected:
  Follow() { log_.append("what is there already\n"); }

  // Starts the program, which is then waiting.
  Program& start() {
    const auto& [name, backend] = GetParam();
    std::vector<std::string> arguments = {log_.path()};
    if (std::string(name) == "pipeline") arguments.push_back("");
    program_.emplace(name, Stdin::kTerminal, with(backend, arguments));
    wait_until_it_waits(*program_);
    return *program_;
  }

  LogFile log_{"follow_" + std::to_string(::getpid())};
  std::optional<Program> program_;
};

INSTANTIATE_TEST_SUITE_P(
    Programs, Follow,
    testing::Combine(testing::Values("follow", "pipeline"),
                     testing::ValuesIn(available_backends())),
    [](const auto& run) {
      return std::get<0>(run.param) + ("_" + std::get<1>(run.param));
    });

TEST_P(Follow, PrintsWhatIsAppendedAndNothingElse) {
  Program& program = start();
  log_.append("first\n");
  EXPECT_EQ(program.read_line(), "first");
  log_.append("second\n\nfourth\n");
  EXPECT_EQ(program.read_line(), "second");
  EXPECT_EQ(program.read_line(), "");
  EXPECT_EQ(program.read_line(), "fourth");
  program.interrupt();
  EXPECT_THAT(program.read_lines(), IsEmpty());
  EXPECT_EQ(program.wait().status, 128 + SIGINT);
}

TEST_P(Follow, WaitsForTheEndOfALine) {
  Program& program = start();
  log_.append("in two ");
  wait_until_it_waits(program);
  log_.append("pieces\n");
  EXPECT_EQ(program.read_line(), "in two pieces");
}

TEST_P(Follow, MoreThanOneReadBringsIn) {
  Program& program = start();
  const std::string long_line(10'000, 'x');
  std::string text = long_line + "\n";
  for (int i = 0; i < 1'000; ++i) text += std::to_string(i) + "\n";
  log_.append(text);
  EXPECT_EQ(program.read_line(), long_line);
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(program.read_line(), std::to_string(i));
  }
}

TEST_P(Follow, BeginsAnewWhenTheFileIsTruncated) {
  Program& program = start();
  log_.append("half a li");
  wait_until_it_waits(program);
  log_.write_anew("anew\n");
  EXPECT_EQ(program.read_line(), "anew");
  log_.append("and on\n");
  EXPECT_EQ(program.read_line(), "and on");
}

TEST_P(Follow, KeepsToTheFileWhenItsNameIsAnothers) {
  Program& program = start();
  const LogFile rotated("follow_rotated_" + std::to_string(::getpid()));
  log_.rename_to(rotated.path());
  log_.append("of the new file\n");
  rotated.append("of the old file\n");
  EXPECT_EQ(program.read_line(), "of the old file");
}

// The program calls select() at most once for each write.
TEST_P(Follow, RestsWhileNothingIsWritten) {
  Program& program = start();
  int selects = 0;
  for (const char* line : {"one", "two", "three"}) {
    log_.append(std::string(line) + "\n");
    EXPECT_EQ(program.read_line(), line);
    wait_until_it_waits(program);
    ++selects;
  }
  for (const std::string& line : program.error_lines_so_far()) {
    if (line.find("Selector.select(") != std::string::npos) ++selects;
  }
  EXPECT_LE(selects, 4);
}

TEST_P(Follow, WhatIsNotThereOrCannotBeRead) {
  const auto& [name, backend] = GetParam();
  for (const auto& [path, error] :
       {std::pair{"no/such/log", "no/such/log: No such file or directory"},
        {"/", "/: Is a directory"}}) {
    Program program(name, Stdin::kDevNull, {"", {}, {path}});
    EXPECT_THAT(program.read_error_lines(), ElementsAre(error));
    EXPECT_EQ(program.wait().status, 1);
  }
}

TEST(Pipeline, PrintsTheLinesThatContainThePattern) {
  LogFile log("pipeline");
  log.append("");
  Program program("pipeline", Stdin::kDevNull, with("", {log.path()}));
  wait_until_it_waits(program);
  log.append("GET /python\nGET /\nGET /python/2\nGET");
  EXPECT_EQ(program.read_line(), "GET /python");
  EXPECT_EQ(program.read_line(), "GET /python/2");
  log.append(" /python/3\n");
  EXPECT_EQ(program.read_line(), "GET /python/3");
}

TEST(Pipeline, FollowsTheSimulation) {
  const LogFile log("pipeline_simulation");
  log.append("");
  Program program("pipeline", Stdin::kDevNull,
                  with("", {log.path(), "selectors.html"}));
  wait_until_it_waits(program);
  Program simulation("logsim", Stdin::kDevNull,
                     {"", {}, {log.path(), "100", "0", "1"}});
  EXPECT_EQ(simulation.wait().status, 0);
  std::vector<std::string> expected = log.lines();
  std::erase_if(expected, [](const std::string& line) {
    return line.find("selectors.html") == std::string::npos;
  });
  EXPECT_THAT(expected, testing::Not(IsEmpty()));
  for (const std::string& line : expected) {
    EXPECT_EQ(program.read_line(), line);
  }
}

TEST(Pipeline, TooManyArguments) {
  Program pipeline("pipeline", Stdin::kDevNull, {"", {}, {"a", "b", "c"}});
  EXPECT_THAT(pipeline.read_error_lines(),
              ElementsAre("usage: pipeline [FILE [PATTERN]]"));
  EXPECT_EQ(pipeline.wait().status, 2);
  Program follow("follow", Stdin::kDevNull, {"", {}, {"a", "b"}});
  EXPECT_THAT(follow.read_error_lines(), ElementsAre("usage: follow [FILE]"));
  EXPECT_EQ(follow.wait().status, 2);
}

}  // namespace
}  // namespace examples
