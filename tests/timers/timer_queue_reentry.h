// What a queue bears while it fires: scheduling, cancelling, throwing.

#ifndef TESTS_TIMERS_TIMER_QUEUE_REENTRY_H_
#define TESTS_TIMERS_TIMER_QUEUE_REENTRY_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/timers/timer_queue_fixture.h"
#include "timers/timer_queue.h"

namespace timers {

template <class Kind>
class TimerReentryTest : public TimerQueueTest<Kind> {};

TYPED_TEST_SUITE_P(TimerReentryTest);

// ---- Calling back ----

TYPED_TEST_P(TimerReentryTest, WhatACallbackSchedulesWaitsForTheNextTime) {
  typename TestFixture::Functions queue;
  int calls = 0;
  std::function<void()> again = [&] {
    ++calls;
    queue.schedule(nanoseconds::min(), again);
    queue.schedule(1s, [] {});
    EXPECT_EQ(queue.next_deadline(), nanoseconds::min());
  };
  queue.schedule(1s, again);
  EXPECT_EQ(this->run_due(queue, 1s), 1u);
  EXPECT_EQ(this->run_due(queue, 1s), 2u);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(queue.size(), 2u);
}

TYPED_TEST_P(TimerReentryTest, WhatACallbackCancelsDoesNotFire) {
  typename TestFixture::Functions queue;
  TimerId self, same_time, later;
  bool fired = false;
  self = queue.schedule(1s, [&] {
    EXPECT_FALSE(queue.cancel(self));
    EXPECT_TRUE(queue.cancel(same_time));
    EXPECT_TRUE(queue.cancel(later));
    EXPECT_EQ(queue.next_deadline(), 3s);
    EXPECT_EQ(queue.size(), 1u);
  });
  same_time = queue.schedule(1s, [&] { fired = true; });
  later = queue.schedule(2s, [&] { fired = true; });
  queue.schedule(3s, [] {});
  EXPECT_EQ(this->run_due(queue, 2s), 1u);
  EXPECT_FALSE(fired);
}

// So many that the queue drops what is cancelled, in the middle of firing.
TYPED_TEST_P(TimerReentryTest, ACallbackMayCancelAllOthers) {
  typename TestFixture::Functions queue;
  std::vector<TimerId> ids;
  int fired = 0;
  queue.schedule(0s, [&] {
    ++fired;
    for (const TimerId id : ids) EXPECT_TRUE(queue.cancel(id));
    for (int i = 0; i < 1000; ++i) queue.schedule(0s, [&] { ++fired; });
  });
  for (int i = 0; i < 5000; ++i) {
    ids.push_back(queue.schedule(i % 2 * 1h, [&] { ADD_FAILURE(); }));
  }
  EXPECT_EQ(this->run_due(queue, 1s), 1u);
  EXPECT_EQ(this->run_due(queue, 1s), 1000u);
  EXPECT_EQ(fired, 1001);
  EXPECT_TRUE(queue.empty());
}

TYPED_TEST_P(TimerReentryTest, ACallbackSeesWhatIsStillToFire) {
  typename TestFixture::Functions queue;
  queue.schedule(1s, [&] {
    EXPECT_EQ(queue.next_deadline(), 2s);
    EXPECT_EQ(queue.size(), 2u);
    queue.schedule(500ms, [] {});
    EXPECT_EQ(queue.next_deadline(), 500ms);
  });
  queue.schedule(2s, [] {});
  queue.schedule(4s, [] {});
  EXPECT_EQ(this->run_due(queue, 3s), 2u);
}

TYPED_TEST_P(TimerReentryTest, PopDueInsideOfPopDueFiresTheRest) {
  typename TestFixture::Functions queue;
  std::vector<int> order;
  queue.schedule(1s, [&] {
    order.push_back(1);
    queue.schedule(1500ms, [&] { order.push_back(2); });
    EXPECT_EQ(this->run_due(queue, 2s), 2u);
  });
  queue.schedule(2s, [&] { order.push_back(3); });
  queue.schedule(3s, [&] { order.push_back(4); });
  EXPECT_EQ(this->run_due(queue, 3s), 1u);
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
  EXPECT_EQ(this->run_due(queue, 3s), 1u);
}

TYPED_TEST_P(TimerReentryTest, WhatACallbackThrowsLosesNothing) {
  typename TestFixture::Ints queue;
  for (const int i : this->numbers(0, 100)) queue.schedule(i / 2 * 1s, i);
  std::vector<int> fired;
  int thrown = 0;
  while (!queue.empty()) {
    try {
      queue.pop_due(1h, [&](int value) {
        fired.push_back(value);
        if (value % 3 == 0) throw std::runtime_error("a third throws");
      });
    } catch (const std::runtime_error&) {
      ++thrown;
      EXPECT_EQ(queue.size(), 100 - fired.size());
      if (!queue.empty()) {
        EXPECT_EQ(queue.next_deadline(), (fired.back() + 1) / 2 * 1s);
      }
    }
  }
  EXPECT_EQ(fired, this->numbers(0, 100));
  EXPECT_EQ(thrown, 34);
}

// The rest of a batch takes its place among what came since.
TYPED_TEST_P(TimerReentryTest, TheRestAfterAThrowKeepsItsOrder) {
  typename TestFixture::Ints queue;
  std::vector<TimerId> ids;
  for (const int i : {10, 20, 30, 40, 50}) {
    ids.push_back(queue.schedule(i * 1s, i));
  }
  EXPECT_THROW(queue.pop_due(1h, [](int) { throw 1; }), int);
  queue.schedule(30s, 31);
  queue.schedule(25s, 25);
  EXPECT_TRUE(queue.cancel(ids[1]));
  EXPECT_EQ(queue.next_deadline(), 25s);
  EXPECT_EQ(this->fired_by(queue, 10s), std::vector<int>());
  EXPECT_EQ(this->fired_by(queue, 40s), (std::vector{25, 30, 31, 40}));
  EXPECT_EQ(this->fired_by(queue, 50s), std::vector{50});
}

// ---- Two phases ----

TYPED_TEST_P(TimerReentryTest, CollectDueFiresNothing) {
  typename TestFixture::Ints queue;
  EXPECT_EQ(this->fired_by(queue), std::vector<int>());
  for (const int ms : {30, 10, 20}) queue.schedule(ms * 1ms, ms);
  queue.collect_due(20ms);
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(this->fired_by(queue), (std::vector{10, 20}));
  EXPECT_EQ(this->fired_by(queue), std::vector<int>());
  EXPECT_EQ(queue.size(), 1u);
}

TYPED_TEST_P(TimerReentryTest, WhatIsScheduledBetweenThePhasesWaits) {
  typename TestFixture::Ints queue;
  queue.schedule(20ms, 20);
  queue.collect_due(20ms);
  queue.schedule(10ms, 10);
  queue.schedule(nanoseconds::min(), 0);
  queue.schedule(20ms, 21);
  EXPECT_EQ(this->fired_by(queue), std::vector{20});
  EXPECT_EQ(this->fired_by(queue), std::vector<int>());
  EXPECT_EQ(this->fired_by(queue, 20ms), (std::vector{0, 10, 21}));
}

TYPED_TEST_P(TimerReentryTest, WhatIsCancelledBetweenThePhasesDoesNotFire) {
  typename TestFixture::Ints queue;
  std::vector<TimerId> ids;
  for (const int i : this->numbers(0, 4)) {
    ids.push_back(queue.schedule(i * 1ms, i));
  }
  queue.collect_due(2ms);
  EXPECT_TRUE(queue.cancel(ids[0]));
  EXPECT_FALSE(queue.cancel(ids[0]));
  EXPECT_TRUE(queue.cancel(ids[2]));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(this->fired_by(queue), std::vector{1});
  EXPECT_EQ(this->fired_by(queue, 1s), std::vector{3});
}

// So many that the queue drops what is cancelled.
TYPED_TEST_P(TimerReentryTest, ManyAreCancelledBetweenThePhases) {
  typename TestFixture::Ints queue;
  std::vector<TimerId> ids;
  for (const int i : this->numbers(0, 5000)) {
    ids.push_back(queue.schedule(i % 2 * 1h, i));
  }
  queue.collect_due(1s);
  for (const int i : this->numbers(0, 5000)) {
    if (i % 1000 > 1) queue.cancel(ids[i]);
  }
  EXPECT_EQ(queue.next_deadline(), 0s);
  EXPECT_EQ(this->fired_by(queue), (std::vector{0, 1000, 2000, 3000, 4000}));
  EXPECT_EQ(this->fired_by(queue, 1h),
            (std::vector{1, 1001, 2001, 3001, 4001}));
}

TYPED_TEST_P(TimerReentryTest, NextDeadlineCountsWhatWasCollected) {
  typename TestFixture::Ints queue;
  const TimerId first = queue.schedule(10ms, 10);
  queue.schedule(20ms, 20);
  queue.schedule(30ms, 30);
  queue.collect_due(20ms);
  EXPECT_EQ(queue.next_deadline(), 10ms);
  queue.cancel(first);
  EXPECT_EQ(queue.next_deadline(), 20ms);
  const TimerId late = queue.schedule(5ms, 5);
  EXPECT_EQ(queue.next_deadline(), 5ms);
  queue.cancel(late);
  EXPECT_EQ(queue.next_deadline(), 20ms);
  EXPECT_EQ(this->fired_by(queue), std::vector{20});
  EXPECT_EQ(queue.next_deadline(), 30ms);
}

TYPED_TEST_P(TimerReentryTest, ASecondCollectDueMergesInOrder) {
  typename TestFixture::Ints queue;
  for (const int ms : {10, 20, 30}) queue.schedule(ms * 1ms, ms);
  queue.collect_due(20ms);
  queue.schedule(10ms, 11);
  queue.schedule(5ms, 5);
  queue.collect_due(30ms);
  EXPECT_EQ(this->fired_by(queue), (std::vector{5, 10, 11, 20, 30}));
}

// The clock may go back: then what was due is so no longer.
TYPED_TEST_P(TimerReentryTest, ASecondCollectDuePutsBackWhatIsNotDue) {
  typename TestFixture::Ints queue;
  for (const int ms : {10, 20, 30}) queue.schedule(ms * 1ms, ms);
  queue.collect_due(30ms);
  queue.collect_due(10ms);
  EXPECT_EQ(this->fired_by(queue), std::vector{10});
  EXPECT_EQ(queue.next_deadline(), 20ms);
  EXPECT_EQ(this->fired_by(queue, 1s), (std::vector{20, 30}));
}

TYPED_TEST_P(TimerReentryTest, FireDueGoesOnAfterAThrow) {
  typename TestFixture::Ints queue;
  for (const int ms : {10, 20, 30}) queue.schedule(ms * 1ms, ms);
  queue.collect_due(20ms);
  EXPECT_THROW(queue.fire_due([](int) { throw 1; }), int);
  queue.schedule(10ms, 11);
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(this->fired_by(queue), std::vector{20});
  EXPECT_EQ(this->fired_by(queue, 1s), (std::vector{11, 30}));
}

TYPED_TEST_P(TimerReentryTest, ACollectedTimerMayBeRescheduled) {
  typename TestFixture::Ints queue;
  const TimerId first = queue.schedule(10ms, 10);
  queue.schedule(20ms, 20);
  const TimerId last = queue.schedule(30ms, 30);
  queue.collect_due(30ms);
  EXPECT_TRUE(queue.reschedule(last, 5ms));
  EXPECT_TRUE(queue.reschedule(first, 40ms));
  EXPECT_EQ(queue.next_deadline(), 5ms);
  EXPECT_EQ(this->fired_by(queue), std::vector{20});
  EXPECT_EQ(this->fired_by(queue, 30ms), std::vector{30});
  EXPECT_EQ(this->fired_by(queue, 40ms), std::vector{10});
}

TYPED_TEST_P(TimerReentryTest, ACallbackMayRescheduleOthersButNotItself) {
  typename TestFixture::Functions queue;
  TimerId self, other;
  int fired = 0;
  self = queue.schedule(1s, [&] {
    EXPECT_FALSE(queue.reschedule(self, 3s));
    EXPECT_TRUE(queue.reschedule(other, 0s));
    ++fired;
  });
  other = queue.schedule(1s, [&] { fired += 10; });
  EXPECT_EQ(this->run_due(queue, 1s), 1u);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(this->run_due(queue, 0s), 1u);
  EXPECT_EQ(fired, 11);
}

// A value whose constructors and destructor run a function.
class Busy {
 public:
  Busy(std::function<void()> f, int number)
      : f_(std::move(f)), number_(number) {
    f_();
  }
  Busy(const Busy& other) : f_(other.f_), number_(other.number_) { f_(); }
  Busy(Busy&& other) noexcept : f_(other.f_), number_(other.number_) { f_(); }
  ~Busy() { f_(); }
  int number() const { return number_; }

 private:
  std::function<void()> f_;
  int number_;
};

// So many that tables grow in the middle of a constructor.
TYPED_TEST_P(TimerReentryTest, ConstructorsAndDestructorsMayCallBack) {
  typename TypeParam::template Queue<Busy> queue;
  std::vector<TimerId> ids;
  int depth = 0, next = 0;
  std::function<void()> use_queue = [&] {
    if (depth == 1 || next >= 3000) return;
    ++depth;
    const int number = next++;
    ids.push_back(queue.schedule(number % 3 * 1s, use_queue, number));
    if (number % 4 == 0) queue.cancel(ids[ids.size() / 2]);
    if (number % 8 == 0) queue.reschedule(ids[ids.size() / 3], 1s);
    EXPECT_TRUE(queue.next_deadline().has_value());
    --depth;
  };
  while (next < 3000) {
    const int number = next++;
    const Busy value(use_queue, number);
    ids.push_back(queue.schedule(number % 5 * 1s, value));
  }
  std::vector<int> fired;
  const std::size_t size = queue.size();
  queue.pop_due(1h, [&](Busy&& busy) { fired.push_back(busy.number()); });
  EXPECT_EQ(fired.size(), size);
  std::sort(fired.begin(), fired.end());
  EXPECT_EQ(std::unique(fired.begin(), fired.end()), fired.end());
  EXPECT_TRUE(queue.empty());
}

REGISTER_TYPED_TEST_SUITE_P(
    TimerReentryTest, WhatACallbackSchedulesWaitsForTheNextTime,
    WhatACallbackCancelsDoesNotFire, ACallbackMayCancelAllOthers,
    ACallbackSeesWhatIsStillToFire, PopDueInsideOfPopDueFiresTheRest,
    WhatACallbackThrowsLosesNothing, TheRestAfterAThrowKeepsItsOrder,
    CollectDueFiresNothing, WhatIsScheduledBetweenThePhasesWaits,
    WhatIsCancelledBetweenThePhasesDoesNotFire,
    ManyAreCancelledBetweenThePhases, NextDeadlineCountsWhatWasCollected,
    ASecondCollectDueMergesInOrder, ASecondCollectDuePutsBackWhatIsNotDue,
    FireDueGoesOnAfterAThrow, ACollectedTimerMayBeRescheduled,
    ACallbackMayRescheduleOthersButNotItself,
    ConstructorsAndDestructorsMayCallBack);

}  // namespace timers

#endif  // TESTS_TIMERS_TIMER_QUEUE_REENTRY_H_
