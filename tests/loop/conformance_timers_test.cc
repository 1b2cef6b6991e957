// call_later(), call_at() and call_every(), in time that takes no time.

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
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

class LoopTimers : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopTimers, tests::all_selectors(),
                         tests::name_of);

TEST_P(LoopTimers, CallLater) {
  FakeTimeLoop f(make_selector());
  std::vector<long> times;
  f.loop.call_later(100ms, [&] {
    times.push_back(f.ms());
    f.loop.stop();
  });
  f.loop.run_forever();
  EXPECT_EQ(times, std::vector<long>{100});
  f.turn(2);
  EXPECT_EQ(times.size(), 1u);
}

TEST_P(LoopTimers, TimeAndCallAt) {
  FakeTimeLoop f(make_selector());
  EXPECT_EQ(f.loop.time(), f.time.now());
  TimePoint ran_at;
  const TimePoint when = f.loop.time() + 100ms;
  const TimerHandle handle =
      f.loop.call_at(when, [&] { ran_at = f.loop.time(); });
  EXPECT_EQ(handle.when(), when);
  f.run_for(200ms);
  EXPECT_EQ(ran_at, when);
  EXPECT_EQ(handle.when(), when);
  EXPECT_FALSE(handle.cancelled());
}

// gh-145703: a timer that is due at this very moment runs in the next
// iteration, also where a float has lost the clock's resolution.
TEST_P(LoopTimers, DueNow) {
  FakeTimeLoop f(make_selector());
  f.time.advance(24h * 365 * 200);
  int ran = 0;
  f.loop.call_at(f.loop.time(), [&] { ++ran; });
  f.loop.call_later(0ns, [&] { ++ran; });
  f.turn();
  EXPECT_EQ(ran, 2);
  f.loop.call_at(f.loop.time() + 1ns, [&] { ++ran; });
  f.loop.run_once(0ns);
  EXPECT_EQ(ran, 2);
  f.time.advance(1ns);
  f.loop.run_once(0ns);
  EXPECT_EQ(ran, 3);
}

// To the nanosecond, by the loop's clock.
TEST_P(LoopTimers, NeverEarly) {
  FakeTimeLoop f(make_selector());
  bool ran = false;
  f.loop.call_later(3ns, [&] { ran = true; });
  for (int i = 0; i < 3; ++i) {
    f.turn();
    EXPECT_FALSE(ran) << i;
    f.time.advance(1ns);
  }
  f.turn();
  EXPECT_TRUE(ran);
}

// A fraction of a nanosecond is rounded up.
TEST_P(LoopTimers, DelaysAreRoundedUp) {
  FakeTimeLoop f(make_selector());
  const auto delay = std::chrono::duration<double, std::nano>(1.5);
  const TimerHandle handle = f.loop.call_later(delay, [] {});
  EXPECT_EQ(handle.when(), f.loop.time() + 2ns);
}

TEST_P(LoopTimers, CallLaterNegativeDelays) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.call_later(0ns, note(journal, "d"));
  f.loop.call_later(-1s, note(journal, "b"));
  f.loop.call_later(-2s, note(journal, "a"));
  f.loop.call_later(-1s, note(journal, "c"));
  f.loop.call_later(1ns, note(journal, "not yet"));
  f.loop.run_once(0ns);
  EXPECT_EQ(journal, (Journal{"a", "b", "c", "d"}));
}

TEST_P(LoopTimers, TheBeginningOfTime) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.call_later(nanoseconds::min(), note(journal, "nanoseconds"));
  f.loop.call_later(std::chrono::hours::min(), note(journal, "hours"));
  f.loop.call_later(
      std::chrono::duration<double>(-std::numeric_limits<double>::infinity()),
      note(journal, "infinity"));
  f.loop.call_at(TimePoint::min(), note(journal, "point"));
  f.loop.run_once();
  EXPECT_EQ(f.ms(), 0);
  EXPECT_EQ(journal.size(), 4u);
  EXPECT_EQ(journal[0], "point");
}

// R44: they neither run at once nor keep others from running.
TEST_P(LoopTimers, R44_HugeDelaysNeverCome) {
  FakeTimeLoop f(make_selector());
  const auto never = [] { ADD_FAILURE() << "came"; };
  using Seconds = std::chrono::duration<double>;
  std::vector<TimerHandle> handles = {
      f.loop.call_later(nanoseconds::max(), never),
      f.loop.call_later(std::chrono::hours::max(), never),
      f.loop.call_later(Seconds(std::numeric_limits<double>::infinity()),
                        never),
      f.loop.call_at(TimePoint::max(), never),
  };
  for (const TimerHandle& handle : handles) {
    EXPECT_EQ(handle.when(), TimePoint::max());
  }
  EXPECT_THROW(f.loop.run_once(), std::logic_error);  // Sleeps forever.
  EXPECT_TRUE(f.selector->timeouts().back().waits_forever());
  f.run_for(24h * 365 * 100);
  f.loop.run_once(5ms);
  f.loop.run_once(0ns);
}

TEST_P(LoopTimers, R44_NoTimeIsTooFarAwayToSleepUntil) {
  FakeTimeLoop f(make_selector());
  bool came = false;
  f.loop.call_at(TimePoint::max() - 1ns, [&] { came = true; });
  EXPECT_NO_THROW(f.loop.run_once());
  EXPECT_TRUE(came);
}

TEST_P(LoopTimers, CallLaterRefusesNaN) {
  FakeTimeLoop f(make_selector());
  const std::chrono::duration<double> nan(
      std::numeric_limits<double>::quiet_NaN());
  const auto never = [] { ADD_FAILURE() << "came"; };
  EXPECT_THROW(f.loop.call_later(nan, never), ValueError);
  EXPECT_THROW(f.loop.call_every(nan, never), ValueError);
  f.turn();
}

// ---- Order ----

TEST_P(LoopTimers, InTheOrderOfTheirTimes) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.call_later(30ms, note(journal, "c"));
  f.loop.call_later(10ms, note(journal, "a"));
  f.loop.call_later(20ms, note(journal, "b"));
  f.run_for(40ms);
  EXPECT_EQ(journal, (Journal{"a", "b", "c"}));
  // Also when all of them are late.
  f.loop.call_later(30ms, note(journal, "f"));
  f.loop.call_later(10ms, note(journal, "d"));
  f.loop.call_later(20ms, note(journal, "e"));
  f.time.advance(1h);
  f.turn();
  EXPECT_EQ(journal, (Journal{"a", "b", "c", "d", "e", "f"}));
}

// R49, tornado#1069.
TEST_P(LoopTimers, R49_EqualTimesRunInTheOrderOfScheduling) {
  FakeTimeLoop f(make_selector());
  constexpr int kTimers = 10'000;
  const TimePoint when = f.loop.time() + 1s;
  std::vector<int> order;
  order.reserve(kTimers);
  std::vector<TimerHandle> handles;
  for (int i = 0; i < kTimers; ++i) {
    handles.push_back(
        f.loop.call_at(when, [&order, i] { order.push_back(i); }));
  }
  for (std::size_t i = 0; i < kTimers; i += 2) handles[i].cancel();
  f.run_for(1s);
  ASSERT_EQ(order.size(), std::size_t{kTimers / 2});
  for (int i = 0; i < kTimers / 2; ++i) {
    ASSERT_EQ(order[static_cast<std::size_t>(i)], 2 * i + 1);
  }
}

// R48, libuv#1068.
TEST_P(LoopTimers, R48_TheDelayCountsFromTheCall) {
  FakeTimeLoop f(make_selector());
  long came_at = 0;
  f.loop.call_soon([&] {
    f.time.advance(50ms);
    f.loop.call_later(20ms, [&] { came_at = f.ms(); });
  });
  f.run_for(100ms);
  EXPECT_EQ(came_at, 70);
}

// R47, libuv#4245.
TEST_P(LoopTimers, R47_ATimerWithoutDelayDoesNotStarveTheOthers) {
  FakeTimeLoop f(make_selector());
  const Pipe pipe;
  int ticks = 0;
  std::function<void()> again = [&] {
    ++ticks;
    f.loop.call_later(0ns, again);
  };
  f.loop.call_later(0ns, again);
  bool read = false, posted = false;
  pipe.writer.write("x");
  f.loop.add_reader(pipe.reader, [&] { read = true; });
  f.loop.call_soon_threadsafe([&] { posted = true; });
  f.turn(2);
  EXPECT_TRUE(read);
  EXPECT_TRUE(posted);
  EXPECT_EQ(ticks, 2);  // Once an iteration.
  f.loop.remove_reader(pipe.reader);
}

// ---- Handles ----

// R50, asio#878.
TEST_P(LoopTimers, R50_ATimerCancelsOneThatIsDue) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  TimerHandle second, third;
  f.loop.call_later(1ms, [&] {
    journal.push_back("first");
    second.cancel();
  });
  second = f.loop.call_later(2ms, note(journal, "second"));
  third = f.loop.call_later(3ms, note(journal, "third"));
  f.time.advance(5ms);
  f.loop.call_soon([&] { third.cancel(); });
  f.turn();
  EXPECT_EQ(journal, Journal{"first"});
}

TEST_P(LoopTimers, CancelDestroysAtOnce) {
  FakeTimeLoop f(make_selector());
  bool destroyed = false;
  TimerHandle handle = f.loop.call_later(
      1ms, [alive = at_destruction([&] { destroyed = true; })] {
        ADD_FAILURE() << "came";
      });
  const TimePoint when = handle.when();
  TimerHandle copy = handle;
  copy.cancel();
  EXPECT_TRUE(destroyed);
  EXPECT_TRUE(copy.cancelled());
  EXPECT_FALSE(handle.cancelled());
  handle.cancel();
  EXPECT_TRUE(handle.cancelled());
  EXPECT_EQ(handle.when(), when);
  f.run_for(10ms);
}

TEST_P(LoopTimers, CancelAfterItRanAndWhileItRuns) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  TimerHandle handle;
  handle = f.loop.call_later(
      1ms, [&, alive = at_destruction(note(journal, "destroyed"))] {
        handle.cancel();
        journal.push_back("still here");
      });
  f.run_for(2ms);
  EXPECT_EQ(journal, (Journal{"still here", "destroyed"}));
  // Nobody else has its place.
  f.loop.call_later(1ms, note(journal, "other"));
  handle.cancel();
  f.run_for(2ms);
  EXPECT_EQ(journal.size(), 3u);
}

TEST_P(LoopTimers, RescheduleMovesTheCallback) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  TimerHandle later = f.loop.call_later(1ms, note(journal, "later"));
  TimerHandle earlier = f.loop.call_later(9ms, note(journal, "earlier"));
  f.loop.call_later(5ms, note(journal, "between"));
  const TimerHandle copy = later;
  EXPECT_TRUE(later.reschedule(f.loop.time() + 8ms));
  EXPECT_TRUE(earlier.reschedule(f.loop.time() + 3ms));
  EXPECT_EQ(later.when(), f.loop.time() + 8ms);
  EXPECT_EQ(copy.when(), f.loop.time() + 1ms);
  f.run_for(20ms);
  EXPECT_EQ(journal, (Journal{"earlier", "between", "later"}));
  EXPECT_FALSE(later.reschedule(f.loop.time() + 1ms));
}

// The callback stays what it is, and copies of the handle still cancel it.
TEST_P(LoopTimers, RescheduleKeepsTheCallbackAndItsHandles) {
  FakeTimeLoop f(make_selector());
  bool destroyed = false;
  TimerHandle handle = f.loop.call_later(
      1ms, [alive = at_destruction([&] { destroyed = true; })] {
        ADD_FAILURE() << "came";
      });
  TimerHandle copy = handle;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(handle.reschedule(f.loop.time() + i * 1us));
  }
  EXPECT_FALSE(destroyed);
  copy.cancel();
  EXPECT_TRUE(destroyed);
  EXPECT_FALSE(handle.reschedule(f.loop.time()));
  EXPECT_FALSE(TimerHandle().reschedule(f.loop.time()));
  f.run_for(10ms);
}

// What was cancelled does not end the sleep.
TEST_P(LoopTimers, RunOnceCancelledEventCleanup) {
  FakeTimeLoop f(make_selector());
  TimerHandle handle = f.loop.call_later(1ms, [] {});
  f.loop.call_later(10ms, [] {});
  handle.cancel();
  f.loop.run_once();
  EXPECT_EQ(f.ms(), 10);
  for (int i = 0; i < 1000; ++i) f.loop.call_later(1ms, [] {}).cancel();
  EXPECT_THROW(f.loop.run_once(), std::logic_error);
}

// The time of the sleep ends at the first timer, whoever was scheduled first.
TEST_P(LoopTimers, RunOnceScheduleHandle) {
  FakeTimeLoop f(make_selector());
  f.loop.call_later(20ms, [] {});
  f.loop.call_later(10ms, [] {});
  f.loop.run_once();
  f.loop.run_once();
  EXPECT_EQ(f.ms(), 20);
  ASSERT_EQ(f.selector->timeouts().size(), 2u);
  EXPECT_EQ(f.selector->timeouts()[0].value(), 10ms);
  EXPECT_EQ(f.selector->timeouts()[1].value(), 10ms);
}

// By the real clock, once.
TEST_P(LoopTimers, NeverEarlyInRealTime) {
  EventLoop loop(make_selector());
  const TimePoint start = std::chrono::steady_clock::now();
  loop.call_later(2ms, [&] { loop.stop(); });
  loop.run_forever();
  EXPECT_GE(std::chrono::steady_clock::now() - start, 2ms);
}

}  // namespace
}  // namespace loop
