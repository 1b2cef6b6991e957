// When timers fire, and what cancelling does.

#ifndef TESTS_TIMERS_TIMER_QUEUE_ORDER_H_
#define TESTS_TIMERS_TIMER_QUEUE_ORDER_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "tests/timers/timer_queue_fixture.h"
#include "timers/timer_queue.h"

namespace timers {

template <class Kind>
class TimerOrderTest : public TimerQueueTest<Kind> {};

TYPED_TEST_SUITE_P(TimerOrderTest);

// ---- Order and exactness ----

TYPED_TEST_P(TimerOrderTest, EmptyQueueHasNothing) {
  typename TestFixture::Ints queue;
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
  EXPECT_EQ(this->fired_by(queue, nanoseconds::max()), std::vector<int>());
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_TRUE(queue.empty());
}

TYPED_TEST_P(TimerOrderTest, FiresInOrderOfDeadlines) {
  typename TestFixture::Ints queue;
  for (const int ms : {30, 10, 50, 20, 40}) queue.schedule(ms * 1ms, ms);
  EXPECT_EQ(queue.size(), 5u);
  EXPECT_EQ(queue.next_deadline(), 10ms);
  EXPECT_EQ(this->fired_by(queue, 30ms), (std::vector{10, 20, 30}));
  EXPECT_EQ(queue.next_deadline(), 40ms);
  EXPECT_EQ(this->fired_by(queue, 1s), (std::vector{40, 50}));
  EXPECT_TRUE(queue.empty());
}

TYPED_TEST_P(TimerOrderTest, NeverFiresEarly) {
  typename TestFixture::Ints queue;
  queue.schedule(1s, 1);
  EXPECT_EQ(this->fired_by(queue, 1s - 1ns), std::vector<int>());
  EXPECT_EQ(this->fired_by(queue, 1s), std::vector{1});
}

TYPED_TEST_P(TimerOrderTest, EqualDeadlinesFireInOrderOfScheduling) {
  typename TestFixture::Ints queue;
  for (const int i : this->numbers(0, 10'000)) queue.schedule(1s, i);
  EXPECT_EQ(this->fired_by(queue, 1s), this->numbers(0, 10'000));
}

// Cancelling makes room, which the later ones take.
TYPED_TEST_P(TimerOrderTest, EqualDeadlinesKeepTheirOrderWhenHalfIsCancelled) {
  typename TestFixture::Ints queue;
  std::vector<TimerId> ids;
  for (const int i : this->numbers(0, 10'000)) {
    ids.push_back(queue.schedule(1s, i));
  }
  std::vector<TimerId> odd;
  for (const int i : this->numbers(1, 10'000, 2)) odd.push_back(ids[i]);
  std::shuffle(odd.begin(), odd.end(), std::mt19937(1));
  for (const TimerId id : odd) EXPECT_TRUE(queue.cancel(id));
  for (const int i : this->numbers(10'000, 15'000)) queue.schedule(1s, i);
  std::vector<int> expected = this->numbers(0, 10'000, 2);
  for (const int i : this->numbers(10'000, 15'000)) expected.push_back(i);
  EXPECT_EQ(queue.next_deadline(), 1s);
  EXPECT_EQ(this->fired_by(queue, 1s), expected);
}

// A queue that looks at its timers, and puts them in order, in between.
TYPED_TEST_P(TimerOrderTest, EqualDeadlinesKeepTheirOrderWhateverIsAsked) {
  typename TestFixture::Ints queue;
  for (const int i : this->numbers(0, 500)) {
    queue.schedule(1h, i);
    if (i % 7 == 0) this->fired_by(queue, i * 1s);
    if (i % 5 == 0) {
      EXPECT_EQ(queue.next_deadline(), 1h);
    }
    if (i % 3 == 0) queue.cancel(queue.schedule(1h - 1ns, -1));
  }
  EXPECT_EQ(this->fired_by(queue, 1h), this->numbers(0, 500));
}

TYPED_TEST_P(TimerOrderTest, AllDeadlinesAreFine) {
  typename TestFixture::Ints queue;
  queue.schedule(nanoseconds::max(), 6);
  queue.schedule(nanoseconds::min(), 1);
  queue.schedule(0ns, 3);
  queue.schedule(-1ns, 2);
  queue.schedule(nanoseconds::max() - 1ns, 5);
  queue.schedule(1ns, 4);
  EXPECT_EQ(queue.next_deadline(), nanoseconds::min());
  EXPECT_EQ(this->fired_by(queue, nanoseconds::min()), std::vector{1});
  EXPECT_EQ(queue.next_deadline(), -1ns);
  EXPECT_EQ(this->fired_by(queue, 0ns), (std::vector{2, 3}));
  EXPECT_EQ(this->fired_by(queue, nanoseconds::max() - 1ns),
            (std::vector{4, 5}));
  EXPECT_EQ(queue.next_deadline(), nanoseconds::max());
  EXPECT_EQ(this->fired_by(queue, nanoseconds::max()), std::vector{6});
}

TYPED_TEST_P(TimerOrderTest, PastDeadlinesFireNext) {
  typename TestFixture::Ints queue;
  this->fired_by(queue, 1h);
  queue.schedule(2h, 3);
  queue.schedule(1min, 2);
  queue.schedule(nanoseconds::min(), 1);
  EXPECT_EQ(queue.next_deadline(), nanoseconds::min());
  EXPECT_EQ(this->fired_by(queue, 1h), (std::vector{1, 2}));
}

TYPED_TEST_P(TimerOrderTest, TimeMayStandStillOrGoBack) {
  typename TestFixture::Ints queue;
  queue.schedule(10s, 10);
  EXPECT_EQ(this->fired_by(queue, 5s), std::vector<int>());
  EXPECT_EQ(this->fired_by(queue, 5s), std::vector<int>());
  queue.schedule(4s, 4);
  queue.schedule(3s, 3);
  EXPECT_EQ(this->fired_by(queue, 2s), std::vector<int>());
  EXPECT_EQ(this->fired_by(queue, 3s), std::vector{3});
  EXPECT_EQ(this->fired_by(queue, -1h), std::vector<int>());
  EXPECT_EQ(queue.next_deadline(), 4s);
  EXPECT_EQ(this->fired_by(queue, 4s), std::vector{4});
  EXPECT_EQ(this->fired_by(queue, 10s), std::vector{10});
}

// ---- Cancelling ----

TYPED_TEST_P(TimerOrderTest, CancelIsFinal) {
  typename TestFixture::Ints queue;
  const TimerId id = queue.schedule(1s, 1);
  queue.schedule(2s, 2);
  EXPECT_TRUE(queue.cancel(id));
  EXPECT_FALSE(queue.cancel(id));
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.next_deadline(), 2s);
  EXPECT_EQ(this->fired_by(queue, 3s), std::vector{2});
}

TYPED_TEST_P(TimerOrderTest, CancelOfFiredOrUnknownReturnsFalse) {
  typename TestFixture::Ints queue, other;
  EXPECT_FALSE(queue.cancel(TimerId()));
  TimerId high;
  for (int i = 0; i < 3000; ++i) high = other.schedule(1s, i);
  EXPECT_FALSE(queue.cancel(high));
  const TimerId id = queue.schedule(1s, 1);
  EXPECT_FALSE(queue.cancel(high));
  EXPECT_FALSE(queue.cancel(TimerId()));
  this->fired_by(queue, 1s);
  EXPECT_FALSE(queue.cancel(id));
}

// Each new timer may well have the place that the old one had.
TYPED_TEST_P(TimerOrderTest, CancelByAStaleIdHitsNobodyElse) {
  typename TestFixture::Ints queue;
  std::vector<TimerId> stale;
  for (int i = 0; i < 1000; ++i) {
    stale.push_back(queue.schedule(1s, i));
    if (i % 2 == 0) {
      this->fired_by(queue, 1s);
    } else {
      queue.cancel(stale.back());
    }
  }
  for (int i = 0; i < 10; ++i) queue.schedule(1s, i);
  for (const TimerId id : stale) EXPECT_FALSE(queue.cancel(id));
  EXPECT_EQ(this->fired_by(queue, 1s), this->numbers(0, 10));
}

TYPED_TEST_P(TimerOrderTest, IdsAreTheSameForNoTwoTimers) {
  typename TestFixture::Ints queue;
  const TimerId first = queue.schedule(1s, 1);
  const TimerId second = queue.schedule(1s, 2);
  EXPECT_NE(first, second);
  EXPECT_NE(first, TimerId());
  EXPECT_EQ(first, TimerId(first));
  queue.cancel(second);
  this->fired_by(queue, 1s);
  EXPECT_NE(queue.schedule(1s, 3), first);
  EXPECT_NE(queue.schedule(1s, 4), second);
}

TYPED_TEST_P(TimerOrderTest, CancelDestroysTheValueAtOnce) {
  typename TypeParam::template Queue<std::shared_ptr<int>> queue;
  const auto value = std::make_shared<int>(1);
  const TimerId id = queue.schedule(1s, value);
  EXPECT_EQ(value.use_count(), 2);
  queue.cancel(id);
  EXPECT_EQ(value.use_count(), 1);
}

// The earliest is cancelled again and again, and asked for in between: round
// robin over idle timeouts does so. Looking at all of them each time would be
// quadratic.
TYPED_TEST_P(TimerOrderTest, NextDeadlineIsExactWhenTheEarliestIsCancelled) {
  typename TestFixture::Ints queue;
  std::vector<TimerId> ids;
  constexpr int kTimers = 20'000;
  for (int i = 0; i < kTimers; ++i) {
    ids.push_back(queue.schedule(1h + i * 1us, i));
  }
  for (int i = 0; i < kTimers; ++i) {
    ASSERT_EQ(queue.next_deadline(), 1h + i * 1us);
    ASSERT_TRUE(queue.cancel(ids[i]));
    ids[i] = queue.schedule(2h + i * 1us, i);
  }
  EXPECT_EQ(queue.next_deadline(), 2h);
}

// ---- Rescheduling ----

TYPED_TEST_P(TimerOrderTest, RescheduleMovesATimer) {
  typename TestFixture::Ints queue;
  const TimerId later = queue.schedule(10ms, 10);
  const TimerId earlier = queue.schedule(40ms, 40);
  queue.schedule(20ms, 20);
  EXPECT_TRUE(queue.reschedule(later, 30ms));
  EXPECT_EQ(queue.next_deadline(), 20ms);
  EXPECT_TRUE(queue.reschedule(earlier, 5ms));
  EXPECT_EQ(queue.next_deadline(), 5ms);
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(this->fired_by(queue, 25ms), (std::vector{40, 20}));
  EXPECT_EQ(this->fired_by(queue, 1s), std::vector{10});
}

TYPED_TEST_P(TimerOrderTest, ARescheduledTimerCountsAsScheduledNow) {
  typename TestFixture::Ints queue;
  std::vector<TimerId> ids;
  for (const int i : this->numbers(0, 300))
    ids.push_back(queue.schedule(1s, i));
  for (const int i : this->numbers(0, 300, 3)) queue.reschedule(ids[i], 2s);
  for (const int i : this->numbers(0, 300, 3)) queue.reschedule(ids[i], 1s);
  std::vector<int> expected;
  for (const int i : this->numbers(0, 300)) {
    if (i % 3 != 0) expected.push_back(i);
  }
  for (const int i : this->numbers(0, 300, 3)) expected.push_back(i);
  EXPECT_EQ(this->fired_by(queue, 1s), expected);
}

TYPED_TEST_P(TimerOrderTest, ARescheduledTimerKeepsItsId) {
  typename TestFixture::Ints queue;
  const TimerId id = queue.schedule(1s, 1);
  for (const int i : this->numbers(1, 1000)) {
    EXPECT_TRUE(queue.reschedule(id, i % 7 * 1s));
    EXPECT_EQ(queue.next_deadline(), i % 7 * 1s);
  }
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_TRUE(queue.cancel(id));
  EXPECT_FALSE(queue.reschedule(id, 0s));
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
  EXPECT_EQ(this->fired_by(queue, 1h), std::vector<int>());
}

TYPED_TEST_P(TimerOrderTest, OnlyPendingTimersAreRescheduled) {
  typename TestFixture::Ints queue;
  const TimerId fired = queue.schedule(1s, 1);
  EXPECT_EQ(this->fired_by(queue, 1s), std::vector{1});
  queue.schedule(3s, 3);
  EXPECT_FALSE(queue.reschedule(fired, 2s));
  EXPECT_FALSE(queue.reschedule(TimerId(), 2s));
  EXPECT_EQ(queue.next_deadline(), 3s);
  EXPECT_EQ(queue.size(), 1u);
}

REGISTER_TYPED_TEST_SUITE_P(
    TimerOrderTest, EmptyQueueHasNothing, FiresInOrderOfDeadlines,
    NeverFiresEarly, EqualDeadlinesFireInOrderOfScheduling,
    EqualDeadlinesKeepTheirOrderWhenHalfIsCancelled,
    EqualDeadlinesKeepTheirOrderWhateverIsAsked, AllDeadlinesAreFine,
    PastDeadlinesFireNext, TimeMayStandStillOrGoBack, CancelIsFinal,
    CancelOfFiredOrUnknownReturnsFalse, CancelByAStaleIdHitsNobodyElse,
    IdsAreTheSameForNoTwoTimers, CancelDestroysTheValueAtOnce,
    NextDeadlineIsExactWhenTheEarliestIsCancelled, RescheduleMovesATimer,
    ARescheduledTimerCountsAsScheduledNow, ARescheduledTimerKeepsItsId,
    OnlyPendingTimersAreRescheduled);

}  // namespace timers

#endif  // TESTS_TIMERS_TIMER_QUEUE_ORDER_H_
