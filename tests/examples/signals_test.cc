#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

using testing::IsEmpty;

class Signals : public testing::Test {
 protected:
  Signals() {
    EXPECT_EQ(program_.read_line(),
              "I am process " + std::to_string(program_.pid()));
  }

  // Expects `lines` as the rest of the output, and a polite end.
  void expect_rest(const std::vector<std::string>& lines) {
    EXPECT_EQ(program_.read_lines(), lines);
    EXPECT_THAT(program_.read_error_lines(), IsEmpty());
    EXPECT_EQ(program_.wait().status, 0);
  }

  Program program_{"signals", Stdin::kTerminal};
};

TEST_F(Signals, TermEndsItPolitely) {
  program_.send(SIGTERM);
  expect_rest({"SIGTERM: goodbye, after 0 of SIGUSR1"});
}

TEST_F(Signals, ControlCEndsItPolitely) {
  program_.interrupt();
  expect_rest({"SIGINT: goodbye, after 0 of SIGUSR1"});
}

// Each signal is sent after the answer to the one before, so the kernel merges
// none.
TEST_F(Signals, EachOneCounts) {
  for (int i = 1; i <= 100; ++i) {
    program_.send(SIGUSR1);
    ASSERT_EQ(program_.read_line(), "SIGUSR1 number " + std::to_string(i));
  }
  program_.send(SIGHUP);
  EXPECT_EQ(program_.read_line(), "SIGHUP: 100 of SIGUSR1 so far");
  program_.send(SIGTERM);
  expect_rest({"SIGTERM: goodbye, after 100 of SIGUSR1"});
}

// The kernel may merge any number of signals. The last one is never lost, and
// each counted signal has a line.
TEST_F(Signals, ABurstWhileItRuns) {
  for (int i = 0; i < 1'000; ++i) program_.send(SIGUSR1);
  program_.send(SIGTERM);
  const std::vector<std::string> lines = program_.read_lines();
  ASSERT_FALSE(lines.empty());
  const std::size_t count = lines.size() - 1;
  EXPECT_GE(count, 1u);
  EXPECT_LE(count, 1'000u);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(lines[i], "SIGUSR1 number " + std::to_string(i + 1));
  }
  EXPECT_EQ(lines[count],
            "SIGTERM: goodbye, after " + std::to_string(count) + " of SIGUSR1");
  EXPECT_EQ(program_.wait().status, 0);
}

// All of them arrive at the same moment, but the kernel remembers each kind
// only once.
TEST_F(Signals, SeveralKindsWhileItIsStopped) {
  program_.stop();
  for (const int each : {SIGUSR1, SIGHUP, SIGUSR1, SIGTERM, SIGUSR1}) {
    program_.send(each);
  }
  program_.send(SIGCONT);
  const std::vector<std::string> lines = program_.read_lines();
  ASSERT_THAT(lines, testing::UnorderedElementsAre(
                         testing::StartsWith("SIGHUP: "), "SIGUSR1 number 1",
                         "SIGTERM: goodbye, after 1 of SIGUSR1"));
  EXPECT_TRUE(lines.back().starts_with("SIGTERM: "));
  EXPECT_EQ(program_.wait().status, 0);
}

}  // namespace
}  // namespace examples
