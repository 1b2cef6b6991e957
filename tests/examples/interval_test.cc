#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

// A line of the program: a tick, in milliseconds since the start.
struct Tick {
  int at;
  int next_due;
};

// Runs the program. On a busy machine a tick may be late, but never early. The
// due time of the next tick is exact wherever it does not depend on a late
// tick.
std::vector<Tick> run_with(const std::vector<std::string>& arguments) {
  static const std::regex kTick(
      "tick ([0-9]+) at ([0-9]+) ms, the next is due at ([0-9]+) ms");
  Program program("interval", Stdin::kDevNull, {"", {}, arguments});
  std::vector<Tick> ticks;
  for (const std::string& line : program.read_lines()) {
    std::smatch match;
    if (!std::regex_match(line, match, kTick)) {
      ADD_FAILURE() << line;
      continue;
    }
    EXPECT_EQ(std::stoul(match[1]), ticks.size() + 1);
    ticks.push_back({std::stoi(match[2]), std::stoi(match[3])});
  }
  EXPECT_THAT(program.read_error_lines(), testing::IsEmpty());
  EXPECT_EQ(program.wait().status, 0);
  return ticks;
}

// Expects, for any policy, that each of the six ticks comes when it is due, or
// later, and that the third tick waits until the second is done.
void expect_none_early(const std::vector<Tick>& ticks) {
  ASSERT_EQ(ticks.size(), 6u);
  EXPECT_GE(ticks[0].at, 100);
  EXPECT_GE(ticks[2].at, ticks[1].at + 250);
  for (std::size_t i = 1; i < ticks.size(); ++i) {
    EXPECT_GE(ticks[i].at, ticks[i - 1].next_due) << i;
  }
}

void expect_skip(const std::vector<Tick>& ticks) {
  expect_none_early(ticks);
  for (const Tick& tick : ticks) EXPECT_EQ(tick.next_due % 100, 0);
  EXPECT_GE(ticks.at(2).next_due, 500);  // Not 400, which was missed.
  for (std::size_t i = 1; i < ticks.size(); ++i) {
    EXPECT_GE(ticks[i].next_due, ticks[i - 1].next_due + 100) << i;
  }
}

TEST(Interval, SkipIsTheDefault) { expect_skip(run_with({})); }

TEST(Interval, SkipLeavesOutWhatWasMissed) { expect_skip(run_with({"skip"})); }

TEST(Interval, BurstLeavesOutNothing) {
  const std::vector<Tick> ticks = run_with({"burst"});
  expect_none_early(ticks);
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    EXPECT_EQ(ticks[i].next_due, 100 * (static_cast<int>(i) + 2)) << i;
  }
}

TEST(Interval, DelayBeginsAnew) {
  const std::vector<Tick> ticks = run_with({"delay"});
  expect_none_early(ticks);
  EXPECT_GE(ticks.at(2).next_due, 550);
  for (std::size_t i = 1; i < ticks.size(); ++i) {
    EXPECT_GE(ticks[i].next_due, ticks[i - 1].next_due + 100) << i;
  }
}

TEST(Interval, AnUnknownPolicyIsNone) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"hurry"}, {"skip", "burst"}, {""}}) {
    Program program("interval", Stdin::kDevNull, {"", {}, arguments});
    EXPECT_THAT(program.read_error_lines(),
                testing::ElementsAre("usage: interval [skip | burst | delay]"));
    EXPECT_THAT(program.read_lines(), testing::IsEmpty());
    EXPECT_EQ(program.wait().status, 2);
  }
}

}  // namespace
}  // namespace examples
