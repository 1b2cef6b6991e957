#include "timers/timer_wheel.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <random>
#include <vector>

#include "tests/timers/timer_queue_conformance.h"

namespace timers {

struct WheelKind {
  template <class Value>
  using Queue = TimerWheel<Value>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(TimerWheel, TimerOrderTest, WheelKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerWheel, TimerReentryTest, WheelKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerWheel, TimerMemoryTest, WheelKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerWheel, TimerPoolTest, WheelKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerWheel, TimerShortageTest, WheelKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerWheel, TimersWithoutMemoryTest, WheelKind);

namespace {

using Times = std::vector<std::int64_t>;

// Fires what is scheduled at `times`, asking when the next one is due and going
// there, and 1 ns before that; returns when they fired.
Times fire_one_by_one(TimerWheel<std::int64_t>& wheel) {
  Times fired;
  const auto note = [&](std::int64_t time) { fired.push_back(time); };
  while (const auto next = wheel.next_deadline()) {
    if (*next > nanoseconds::min()) {
      EXPECT_EQ(wheel.pop_due(*next - 1ns, note), 0u) << next->count();
    }
    EXPECT_GT(wheel.pop_due(*next, note), 0u) << next->count();
    EXPECT_EQ(fired.back(), next->count());
  }
  return fired;
}

// A digit of a deadline has 6 bits, and where one overflows, a slot ends.
TEST(TimerWheelTest, IsExactAroundEachBorderOfASlot) {
  for (unsigned bit = 0; bit < 63; ++bit) {
    for (const std::int64_t start : {std::int64_t{0}, std::int64_t{-1} << bit,
                                     std::int64_t{12345678901234}}) {
      TimerWheel<std::int64_t> wheel;
      wheel.pop_due(nanoseconds(start), [](std::int64_t) {});
      Times times;
      for (const std::int64_t step : {-2, -1, 0, 1, 2}) {
        times.push_back((std::int64_t{1} << bit) + step);
        times.push_back(((start >> bit) << bit) + step);
      }
      for (const std::int64_t time : times) {
        wheel.schedule(nanoseconds(time), time);
      }
      std::sort(times.begin(), times.end());
      EXPECT_EQ(fire_one_by_one(wheel), times) << "bit " << bit;
    }
  }
}

// So many in a slot that they go down, level by level.
TEST(TimerWheelTest, CrowdedSlotsAreSpreadOverAllLevels) {
  std::mt19937_64 random(1);
  TimerWheel<std::int64_t> wheel;
  Times times;
  for (unsigned bits = 1; bits < 64; ++bits) {
    for (int i = 0; i < 300; ++i) {
      times.push_back(static_cast<std::int64_t>(random() >> bits));
    }
  }
  for (const std::int64_t time : times) {
    wheel.schedule(nanoseconds(time), time);
  }
  std::sort(times.begin(), times.end());
  EXPECT_EQ(fire_one_by_one(wheel), times);
}

// The clock may jump over any number of slots.
TEST(TimerWheelTest, ALongSleepFiresAllInOrder) {
  std::mt19937_64 random(1);
  TimerWheel<std::int64_t> wheel;
  Times times, fired;
  for (int i = 0; i < 20'000; ++i) {
    times.push_back(static_cast<std::int64_t>(random() >> (1 + i % 60)));
    wheel.schedule(nanoseconds(times.back()), times.back());
  }
  std::sort(times.begin(), times.end());
  wheel.pop_due(nanoseconds::max(),
                [&](std::int64_t time) { fired.push_back(time); });
  EXPECT_EQ(fired, times);
}

// next_deadline() opens the slot of a far deadline. A timer before it is not
// lost in a slot that the wheel believes to have passed.
TEST(TimerWheelTest, TimersBeforeOneThatWasAskedForFireFirst) {
  TimerWheel<std::int64_t> wheel;
  wheel.pop_due(1h, [](std::int64_t) {});
  for (std::int64_t i = 0; i < 300; ++i) wheel.schedule(100h + i * 1s, i);
  EXPECT_EQ(wheel.next_deadline(), 100h);
  nanoseconds first = nanoseconds::max();
  for (const nanoseconds time :
       std::initializer_list<nanoseconds>{2h, 99h, 1h + 1ns, 100h - 1ns, 50h}) {
    wheel.schedule(time, time.count());
    first = std::min(first, time);
    EXPECT_EQ(wheel.next_deadline(), first);
  }
  std::vector<nanoseconds> fired;
  wheel.pop_due(100h - 1ns,
                [&](std::int64_t time) { fired.push_back(nanoseconds(time)); });
  EXPECT_EQ(fired,
            (std::vector<nanoseconds>{1h + 1ns, 2h, 50h, 99h, 100h - 1ns}));
  EXPECT_EQ(wheel.size(), 300u);
}

// The horizon lies ahead of most timers, or does not, as the slot of a far
// deadline with few timers is not opened.
TEST(TimerWheelTest, ACrowdMayBeScheduledBeforeTheHorizon) {
  std::mt19937_64 random(1);
  for (const int ahead : {1, 32, 33, 2000}) {
    TimerWheel<std::int64_t> wheel;
    wheel.pop_due(1h, [](std::int64_t) {});
    Times times;
    const auto schedule = [&](nanoseconds time) {
      times.push_back(time.count());
      wheel.schedule(time, time.count());
    };
    for (int i = 0; i < ahead; ++i) schedule(100h + random() % 1'000'000 * 1us);
    EXPECT_EQ(wheel.next_deadline()->count(),
              *std::min_element(times.begin(), times.end()));
    for (int i = 0; i < 10'000; ++i) {
      schedule(1h + random() % 3'600'000 * 1ms);
      if (i % 1000 == 0) {
        EXPECT_EQ(wheel.next_deadline()->count(),
                  *std::min_element(times.begin(), times.end()));
      }
    }
    std::sort(times.begin(), times.end());
    EXPECT_EQ(fire_one_by_one(wheel), times);
  }
}

// The rest of a batch takes its place among a crowd before it.
TEST(TimerWheelTest, ACrowdMayBeScheduledWhileABatchWaits) {
  std::mt19937_64 random(1);
  TimerWheel<std::int64_t> wheel;
  Times times, fired;
  for (std::int64_t i = 0; i < 300; ++i) {
    times.push_back(nanoseconds(100h + i * 1s).count());
    wheel.schedule(nanoseconds(times.back()), times.back());
  }
  EXPECT_THROW(wheel.pop_due(200h, [](std::int64_t) { throw 1; }), int);
  times.erase(times.begin());
  for (int i = 0; i < 3000; ++i) {
    times.push_back(nanoseconds(2h + random() % 540'000 * 1s).count());
    wheel.schedule(nanoseconds(times.back()), times.back());
  }
  std::sort(times.begin(), times.end());
  wheel.pop_due(200h, [&](std::int64_t time) { fired.push_back(time); });
  EXPECT_EQ(fired, times);
}

// The timers in the slots were put there when the horizon was later.
TEST(TimerWheelTest, TheClockMayGoFarBack) {
  std::mt19937_64 random(1);
  TimerWheel<std::int64_t> wheel;
  Times times;
  for (const nanoseconds now : {nanoseconds(1000h), nanoseconds(1h)}) {
    wheel.pop_due(now, [](std::int64_t) { ADD_FAILURE(); });
    for (int i = 0; i < 1000; ++i) {
      const nanoseconds time = 1001h + random() % 3'600'000 * 1ms;
      times.push_back(time.count());
      wheel.schedule(time, time.count());
    }
  }
  std::sort(times.begin(), times.end());
  EXPECT_EQ(fire_one_by_one(wheel), times);
}

TEST(TimerWheelTest, TheHorizonMayLieAtTheEndOfTime) {
  TimerWheel<std::int64_t> wheel;
  wheel.schedule(nanoseconds::max(), nanoseconds::max().count());
  EXPECT_EQ(wheel.next_deadline(), nanoseconds::max());
  wheel.pop_due(nanoseconds::max() - 1ns, [](std::int64_t) {});
  Times times{nanoseconds::max().count()};
  for (std::int64_t i = 0; i < 5000; ++i) {
    wheel.schedule(nanoseconds(i * 7919 % 5000), i * 7919 % 5000);
    times.push_back(i);
  }
  std::sort(times.begin(), times.end());
  EXPECT_EQ(fire_one_by_one(wheel), times);
}

// Removing a timer of the heap melds its children, wherever it stands.
TEST(TimerWheelTest, NearTimersAreCancelledAndRescheduledAnywhere) {
  std::mt19937_64 random(1);
  TimerWheel<std::int64_t> wheel;
  wheel.pop_due(1h, [](std::int64_t) {});
  std::vector<TimerId> ids;
  for (std::int64_t i = 0; i < 1000; ++i) {
    ids.push_back(wheel.schedule(1s + i * 1s, i));
  }
  Times times;
  Times order(1000);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  for (const std::int64_t i : order) {
    const auto index = static_cast<std::size_t>(i);
    if (i % 3 == 0) {
      EXPECT_TRUE(wheel.cancel(ids[index]));
    } else if (i % 3 == 1) {
      EXPECT_TRUE(wheel.reschedule(ids[index], 1s + i * 1s));
    }
    if (i % 3 != 0) times.push_back(i);
    if (i % 50 == 0) {
      wheel.schedule(0s, -1);
      EXPECT_EQ(wheel.pop_due(0s, [](std::int64_t) {}), 1u);
    }
  }
  std::sort(times.begin(), times.end());
  Times fired;
  wheel.pop_due(1h, [&](std::int64_t i) { fired.push_back(i); });
  EXPECT_EQ(fired, times);
}

}  // namespace
}  // namespace timers
