// Tests for the programs of Python's documentation. Their output is always the
// same, except for the order of simultaneous lines.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;

std::vector<std::string> lines_of(const std::string& name) {
  Program program(name, Stdin::kDevNull);
  const auto lines = program.read_lines();
  EXPECT_THAT(program.read_error_lines(), IsEmpty());
  EXPECT_EQ(program.wait().status, 0);
  return lines;
}

TEST(HelloCoroutine, InTurnsAndSideBySide) {
  EXPECT_THAT(
      lines_of("hello_coroutine"),
      ElementsAre("hello", "world", MatchesRegex("one after the other: [0-9]+"),
                  "hello", "world", MatchesRegex("side by side: [0-9]+")));
}

TEST(GatherFactorials, ResultsInTheOrderOfTheArguments) {
  const auto lines = lines_of("gather_factorials");
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_EQ(lines[0], "Task A: Compute factorial(2), currently i=2...");
  EXPECT_EQ(lines[1], "Task B: Compute factorial(3), currently i=2...");
  EXPECT_EQ(lines[2], "Task C: Compute factorial(4), currently i=2...");
  EXPECT_THAT(lines, AllOf(Contains("Task A: factorial(2) = 2"),
                           Contains("Task B: factorial(3) = 6"),
                           Contains("Task C: factorial(4) = 24")));
  EXPECT_EQ(lines.back(), "2, 6, 24");
}

TEST(Timeouts, EachKind) {
  EXPECT_THAT(
      lines_of("timeouts"),
      ElementsAre("timeout():", "  cleaned up", "  too late",
                  "wait_for(), which is the same for one thing:",
                  "  cleaned up", "  too late", "reschedule():", "  done",
                  "shield():", "  too late, but it goes on", "  done"));
}

TEST(Subprocess, OutputStatusAndEnd) {
  EXPECT_THAT(
      lines_of("subprocess"),
      ElementsAre("sorted: c", "b", "a", "read: line 1", "read: line 2",
                  "read: line 3", "exit status: 4", "ended by signal 15"));
}

TEST(TaskGroup, OneFailsAndTheOthersAreCancelled) {
  EXPECT_THAT(lines_of("task_group"),
              ElementsAre("all is well:", "  index: here", "  news: here",
                          "  <index><news>", "one fails:", "  index: cancelled",
                          "  error: no such page: missing"));
}

TEST(ProducerConsumer, AllIsDealtWith) {
  const auto lines = lines_of("producer_consumer");
  ASSERT_EQ(lines.size(), 22u);
  EXPECT_EQ(lines.back(), "20 = 20");
  EXPECT_THAT(lines, Contains("all is in the queue"));
  EXPECT_THAT(lines, Each(MatchesRegex("worker-[012] has slept for [0-9]+ ms|"
                                       "all is in the queue|20 = 20")));
}

TEST(WorkerThreads, TheClockGoesOn) {
  EXPECT_THAT(lines_of("worker_threads"),
              ElementsAre("fib(35) = 9227465", "meanwhile the clock went on"));
}

}  // namespace
}  // namespace examples
