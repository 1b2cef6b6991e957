// What becomes of timers when there is no memory.

#ifndef TESTS_TIMERS_TIMER_QUEUE_SHORTAGE_H_
#define TESTS_TIMERS_TIMER_QUEUE_SHORTAGE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <vector>

#include "tests/support/allocations.h"
#include "tests/timers/timer_queue_fixture.h"

namespace timers {

template <class Kind>
class TimerShortageTest : public TimerQueueTest<Kind> {
 protected:
  using Ints = typename TimerQueueTest<Kind>::Ints;

  // 0, 1, ... in the order in which they are due, but scheduled in another:
  // first those around one second, then those around two.
  static void schedule_some(Ints& queue, int count) {
    for (const int first : {0, count / 2}) {
      for (int i = 0; i < count / 2; ++i) {
        const int number = first + i * 7919 % (count / 2);
        const nanoseconds start = first == 0 ? 1s : 2s;
        queue.schedule(start + number * 1us, number);
      }
    }
  }
};

TYPED_TEST_SUITE_P(TimerShortageTest);

TYPED_TEST_P(TimerShortageTest, ScheduleThrowsAndNothingHasChanged) {
  for (tests::EachShortage shortage; shortage.next();) {
    typename TestFixture::Ints queue;
    int scheduled = 0;
    const auto schedule = [&] {
      for (; scheduled < 700; ++scheduled) {
        queue.schedule(scheduled * 1us, scheduled);
        // So that some are scheduled for before what was looked at.
        if (scheduled % 200 == 0) queue.next_deadline();
      }
    };
    shortage.survives(schedule);
    // The one with which memory ran out may be there or not.
    const auto size = static_cast<int>(queue.size());
    EXPECT_TRUE(size == scheduled || size == scheduled + 1);
    scheduled = size;
    schedule();
    EXPECT_EQ(this->fired_by(queue, 1s), this->numbers(0, 700));
  }
}

TYPED_TEST_P(TimerShortageTest, NothingIsLostIfTheyCannotBeCollected) {
  for (const int count : {10, 200, 3000}) {
    for (tests::EachShortage shortage; shortage.next();) {
      typename TestFixture::Ints queue;
      this->schedule_some(queue, count);
      shortage.survives([&] { queue.collect_due(10s); });
      EXPECT_EQ(queue.next_deadline(), 1s);
      EXPECT_EQ(this->fired_by(queue, 10s), this->numbers(0, count));
      EXPECT_TRUE(queue.empty());
    }
  }
}

TYPED_TEST_P(TimerShortageTest, NothingIsLostIfTheNextCannotBeFound) {
  for (const int count : {10, 200, 3000}) {
    for (tests::EachShortage shortage; shortage.next();) {
      typename TestFixture::Ints queue;
      this->schedule_some(queue, count);
      shortage.survives([&] { queue.next_deadline(); });
      queue.schedule(0s, -1);
      EXPECT_EQ(queue.next_deadline(), 0s);
      EXPECT_EQ(this->fired_by(queue, 10s), this->numbers(-1, count));
    }
  }
}

// Time and again, with timers that were collected and have not fired.
TYPED_TEST_P(TimerShortageTest, NothingIsLostIfTheyCannotBePutBack) {
  for (tests::EachShortage shortage; shortage.next();) {
    typename TestFixture::Ints queue;
    this->schedule_some(queue, 3000);
    queue.collect_due(10s);
    // These wait, where those that were collected have left room.
    for (int i = 3000; i < 6000; ++i) queue.schedule(3s + i * 1us, i);
    const auto collect = [&] { queue.collect_due(10s); };
    if (!shortage.survives(collect)) {
      const tests::FailingAllocations failing;
      EXPECT_THROW(collect(), std::bad_alloc);
    }
    std::vector<int> fired;
    queue.pop_due(10s, [&](int value) {
      fired.push_back(value);
      queue.schedule(1h, -1);
    });
    EXPECT_EQ(fired, this->numbers(0, 6000));
    EXPECT_EQ(queue.size(), 6000u);
  }
}

TYPED_TEST_P(TimerShortageTest, RescheduleThrowsAndNothingHasChanged) {
  for (tests::EachShortage shortage; shortage.next();) {
    typename TestFixture::Ints queue;
    const TimerId id = queue.schedule(1s, 1);
    queue.schedule(2s, 2);
    int rescheduled = 0;
    shortage.survives([&] {
      for (; rescheduled < 1000; ++rescheduled) {
        queue.reschedule(id, 3s - (rescheduled + 1) * 1ms);
      }
    });
    const nanoseconds expected = rescheduled == 0 ? 1s : 3s - rescheduled * 1ms;
    EXPECT_EQ(queue.next_deadline(), std::min<nanoseconds>(2s, expected));
    EXPECT_EQ(queue.size(), 2u);
    EXPECT_TRUE(queue.reschedule(id, 4s));
    EXPECT_EQ(this->fired_by(queue, 5s), (std::vector{2, 1}));
  }
}

TYPED_TEST_P(TimerShortageTest, DestroyingNeedsNone) {
  const auto value = std::make_shared<int>(1);
  for (tests::EachShortage shortage; shortage.next();) {
    using Queue = typename TypeParam::template Queue<std::shared_ptr<int>>;
    auto queue = std::make_unique<Queue>();
    for (int i = 0; i < 3000; ++i) queue->schedule(i * 1ms, value);
    shortage.survives([&] { queue->collect_due(1s); });
    const tests::FailingAllocations failing;
    queue.reset();
    EXPECT_FALSE(failing.struck());
    EXPECT_EQ(value.use_count(), 1);
  }
}

REGISTER_TYPED_TEST_SUITE_P(TimerShortageTest,
                            ScheduleThrowsAndNothingHasChanged,
                            NothingIsLostIfTheyCannotBeCollected,
                            NothingIsLostIfTheNextCannotBeFound,
                            NothingIsLostIfTheyCannotBePutBack,
                            RescheduleThrowsAndNothingHasChanged,
                            DestroyingNeedsNone);

// For queues of which only schedule() needs memory.
template <class Kind>
class TimersWithoutMemoryTest : public TimerShortageTest<Kind> {};

TYPED_TEST_SUITE_P(TimersWithoutMemoryTest);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TimersWithoutMemoryTest);

TYPED_TEST_P(TimersWithoutMemoryTest, AllButScheduleNeedNone) {
  typename TestFixture::Ints queue;
  std::vector<int> fired;
  fired.reserve(6000);
  this->schedule_some(queue, 3000);
  queue.collect_due(10s);
  for (int i = 3000; i < 6000; ++i) queue.schedule(3s + i * 1us, i);
  const TimerId last = queue.schedule(5s, 6000);
  {
    const tests::FailingAllocations failing;
    queue.next_deadline();
    queue.collect_due(2s);
    queue.cancel(last);
    queue.pop_due(10s, [&](int value) { fired.push_back(value); });
  }
  EXPECT_EQ(fired, this->numbers(0, 6000));
}

// When memory has been given back, too.
TYPED_TEST_P(TimersWithoutMemoryTest, NorWhenMostHaveGone) {
  typename TestFixture::Ints queue;
  std::vector<TimerId> ids;
  for (int i = 0; i < 20'000; ++i) ids.push_back(queue.schedule(1s, i));
  for (int i = 0; i < 20'000; ++i) {
    if (i % 400 != 0) queue.cancel(ids[i]);
  }
  for (int i = 0; i < 2000; ++i) queue.pop_due(0s, [](int) {});
  std::vector<int> expected = this->numbers(0, 20'000, 400);
  expected.reserve(21'000);
  try {
    const tests::FailingAllocations failing;
    for (int i = 1; i <= 20'000; ++i) {
      queue.schedule(1s, -i);
      expected.push_back(-i);
    }
  } catch (const std::bad_alloc&) {
  }
  std::vector<int> fired;
  fired.reserve(expected.size());
  {
    const tests::FailingAllocations failing;
    queue.collect_due(1s);
    queue.pop_due(1s, [&](int value) { fired.push_back(value); });
  }
  EXPECT_EQ(fired, expected);
}

REGISTER_TYPED_TEST_SUITE_P(TimersWithoutMemoryTest, AllButScheduleNeedNone,
                            NorWhenMostHaveGone);

}  // namespace timers

#endif  // TESTS_TIMERS_TIMER_QUEUE_SHORTAGE_H_
