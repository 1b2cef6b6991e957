// call_every().

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using std::chrono::nanoseconds;

class LoopIntervals : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopIntervals, tests::all_selectors(),
                         tests::name_of);

// ---- Intervals ----

TEST_P(LoopIntervals, CallEvery) {
  FakeTimeLoop f(make_selector());
  std::vector<long> times;
  const IntervalHandle handle =
      f.loop.call_every(10ms, [&] { times.push_back(f.ms()); });
  EXPECT_FALSE(handle.cancelled());
  EXPECT_EQ(handle.when(), f.loop.time() + 10ms);
  f.run_for(45ms);
  EXPECT_EQ(times, (std::vector<long>{10, 20, 30, 40}));
  EXPECT_EQ(handle.when(), f.loop.time() + 5ms);
}

// The callback takes a while, less than a period.
TEST_P(LoopIntervals, IntervalsDoNotDrift) {
  for (const MissedTicks missed :
       {MissedTicks::kSkip, MissedTicks::kBurst, MissedTicks::kDelay}) {
    FakeTimeLoop f(make_selector());
    std::vector<long> times;
    f.loop.call_every(
        10ms,
        [&] {
          times.push_back(f.ms());
          f.time.advance(7ms);
        },
        missed);
    f.run_for(55ms);
    EXPECT_EQ(times, (std::vector<long>{10, 20, 30, 40, 50}));
  }
}

// The example of interval.h.
std::vector<long> ticks_if_one_takes_25(const tests::SelectorKind& selector,
                                        MissedTicks missed) {
  FakeTimeLoop f(selector.make());
  std::vector<long> times;
  f.loop.call_every(
      10ms,
      [&] {
        times.push_back(f.ms());
        if (times.size() == 1) f.time.advance(25ms);
      },
      missed);
  run_until(f.loop, [&] { return times.size() == 6; });
  return times;
}

TEST_P(LoopIntervals, MissedTicks) {
  using Times = std::vector<long>;
  EXPECT_EQ(ticks_if_one_takes_25(GetParam(), MissedTicks::kSkip),
            (Times{10, 35, 40, 50, 60, 70}));
  EXPECT_EQ(ticks_if_one_takes_25(GetParam(), MissedTicks::kBurst),
            (Times{10, 35, 35, 40, 50, 60}));
  EXPECT_EQ(ticks_if_one_takes_25(GetParam(), MissedTicks::kDelay),
            (Times{10, 35, 45, 55, 65, 75}));
}

// Nor does the burst keep the loop from others: one tick an iteration.
TEST_P(LoopIntervals, ABurstComesInAsManyIterations) {
  FakeTimeLoop f(make_selector());
  int ticks = 0;
  f.loop.call_every(
      10ms, [&] { ++ticks; }, MissedTicks::kBurst);
  f.time.advance(50ms);
  for (int i = 1; i <= 5; ++i) {
    f.turn();
    EXPECT_EQ(ticks, i);
  }
  f.turn();
  EXPECT_EQ(ticks, 5);
}

TEST_P(LoopIntervals, AnIntervalNeedsAPeriod) {
  FakeTimeLoop f(make_selector());
  const auto never = [] { ADD_FAILURE() << "came"; };
  EXPECT_THROW(f.loop.call_every(0ns, never), ValueError);
  EXPECT_THROW(f.loop.call_every(-1ms, never), ValueError);
  EXPECT_THROW(f.loop.call_every(nanoseconds::min(), never), ValueError);
  f.turn();
  const IntervalHandle handle = f.loop.call_every(nanoseconds::max(), never);
  EXPECT_EQ(handle.when(), TimePoint::max());
  EXPECT_FALSE(handle.cancelled());
  EXPECT_THROW(f.loop.run_once(), std::logic_error);  // Sleeps forever.
}

TEST_P(LoopIntervals, CancelAnInterval) {
  FakeTimeLoop f(make_selector());
  bool destroyed = false;
  int ticks = 0;
  IntervalHandle handle = f.loop.call_every(
      10ms,
      [&, alive = at_destruction([&] { destroyed = true; })] { ++ticks; });
  f.run_for(25ms);
  IntervalHandle copy = handle;
  copy.cancel();
  EXPECT_TRUE(destroyed);
  EXPECT_TRUE(handle.cancelled());  // "Whoever saw to it."
  EXPECT_EQ(handle.when(), TimePoint::max());
  handle.cancel();
  f.run_for(25ms);
  EXPECT_EQ(ticks, 2);
  EXPECT_THROW(f.loop.run_once(), std::logic_error);  // Nothing is left.
}

TEST_P(LoopIntervals, AnIntervalCancelsItself) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  IntervalHandle handle;
  handle = f.loop.call_every(
      10ms, [&, alive = at_destruction(note(journal, "destroyed"))] {
        EXPECT_EQ(handle.when(), f.loop.time() + 10ms);
        handle.cancel();
        EXPECT_TRUE(handle.cancelled());
        EXPECT_EQ(handle.when(), TimePoint::max());
        journal.push_back("still here");
      });
  f.run_for(50ms);
  EXPECT_EQ(journal, (Journal{"still here", "destroyed"}));
  EXPECT_TRUE(handle.cancelled());
}

TEST_P(LoopIntervals, R50_AnIntervalIsCancelledInTheIterationOfItsTick) {
  FakeTimeLoop f(make_selector());
  IntervalHandle handle;
  f.loop.call_later(10ms, [&] { handle.cancel(); });
  handle = f.loop.call_every(10ms, [] { ADD_FAILURE() << "came"; });
  f.run_for(50ms);
}

TEST_P(LoopIntervals, AnExceptionDoesNotEndAnInterval) {
  FakeTimeLoop f(make_selector());
  f.loop.call_every(10ms, [] { throw std::runtime_error("tick"); });
  f.run_for(35ms);
  EXPECT_EQ(f.take_errors().size(), 3u);
}

}  // namespace
}  // namespace loop
