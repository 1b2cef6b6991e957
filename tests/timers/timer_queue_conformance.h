// What every timer queue promises, as tests. timers/timer_queue.h says it in
// words.

#ifndef TESTS_TIMERS_TIMER_QUEUE_CONFORMANCE_H_
#define TESTS_TIMERS_TIMER_QUEUE_CONFORMANCE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/timers/allocations.h"
#include "timers/timer_queue.h"

namespace timers {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.
using std::chrono::nanoseconds;
using tests::allocated_bytes;
using tests::allocations;

// A queue without its type of values: struct { template <class V> Queue; }.
template <class Kind>
class TimerQueueTest : public ::testing::Test {
 protected:
  using Ints = typename Kind::template Queue<int>;
  using Functions = typename Kind::template Queue<std::function<void()>>;

  static_assert(TimerQueue<Ints, int>);
  static_assert(TimerQueue<Functions, std::function<void()>>);

  // What pop_due(now) fires, in order.
  template <class Queue>
  static std::vector<int> fired_by(Queue& queue, nanoseconds now) {
    std::vector<int> fired;
    const std::size_t count =
        queue.pop_due(now, [&](int value) { fired.push_back(value); });
    EXPECT_EQ(count, fired.size());
    return fired;
  }

  // What fire_due() fires, in order.
  template <class Queue>
  static std::vector<int> fired_by(Queue& queue) {
    std::vector<int> fired;
    const std::size_t count =
        queue.fire_due([&](int value) { fired.push_back(value); });
    EXPECT_EQ(count, fired.size());
    return fired;
  }

  static std::size_t run_due(Functions& queue, nanoseconds now) {
    return queue.pop_due(now, [](std::function<void()>&& f) { f(); });
  }

  static std::vector<int> numbers(int first, int last, int step = 1) {
    std::vector<int> all;
    for (int i = first; i < last; i += step) all.push_back(i);
    return all;
  }
};

TYPED_TEST_SUITE_P(TimerQueueTest);

// ---- Order and exactness ----

TYPED_TEST_P(TimerQueueTest, EmptyQueueHasNothing) {
  typename TestFixture::Ints queue;
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
  EXPECT_EQ(this->fired_by(queue, nanoseconds::max()), std::vector<int>());
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_TRUE(queue.empty());
}

TYPED_TEST_P(TimerQueueTest, FiresInOrderOfDeadlines) {
  typename TestFixture::Ints queue;
  for (const int ms : {30, 10, 50, 20, 40}) queue.schedule(ms * 1ms, ms);
  EXPECT_EQ(queue.size(), 5u);
  EXPECT_EQ(queue.next_deadline(), 10ms);
  EXPECT_EQ(this->fired_by(queue, 30ms), (std::vector{10, 20, 30}));
  EXPECT_EQ(queue.next_deadline(), 40ms);
  EXPECT_EQ(this->fired_by(queue, 1s), (std::vector{40, 50}));
  EXPECT_TRUE(queue.empty());
}

TYPED_TEST_P(TimerQueueTest, NeverFiresEarly) {
  typename TestFixture::Ints queue;
  queue.schedule(1s, 1);
  EXPECT_EQ(this->fired_by(queue, 1s - 1ns), std::vector<int>());
  EXPECT_EQ(this->fired_by(queue, 1s), std::vector{1});
}

TYPED_TEST_P(TimerQueueTest, EqualDeadlinesFireInOrderOfScheduling) {
  typename TestFixture::Ints queue;
  for (const int i : this->numbers(0, 10'000)) queue.schedule(1s, i);
  EXPECT_EQ(this->fired_by(queue, 1s), this->numbers(0, 10'000));
}

// Cancelling makes room, which the later ones take.
TYPED_TEST_P(TimerQueueTest, EqualDeadlinesKeepTheirOrderWhenHalfIsCancelled) {
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
TYPED_TEST_P(TimerQueueTest, EqualDeadlinesKeepTheirOrderWhateverIsAsked) {
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

TYPED_TEST_P(TimerQueueTest, AllDeadlinesAreFine) {
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

TYPED_TEST_P(TimerQueueTest, PastDeadlinesFireNext) {
  typename TestFixture::Ints queue;
  this->fired_by(queue, 1h);
  queue.schedule(2h, 3);
  queue.schedule(1min, 2);
  queue.schedule(nanoseconds::min(), 1);
  EXPECT_EQ(queue.next_deadline(), nanoseconds::min());
  EXPECT_EQ(this->fired_by(queue, 1h), (std::vector{1, 2}));
}

TYPED_TEST_P(TimerQueueTest, TimeMayStandStillOrGoBack) {
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

TYPED_TEST_P(TimerQueueTest, CancelIsFinal) {
  typename TestFixture::Ints queue;
  const TimerId id = queue.schedule(1s, 1);
  queue.schedule(2s, 2);
  EXPECT_TRUE(queue.cancel(id));
  EXPECT_FALSE(queue.cancel(id));
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.next_deadline(), 2s);
  EXPECT_EQ(this->fired_by(queue, 3s), std::vector{2});
}

TYPED_TEST_P(TimerQueueTest, CancelOfFiredOrUnknownReturnsFalse) {
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
TYPED_TEST_P(TimerQueueTest, CancelByAStaleIdHitsNobodyElse) {
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

TYPED_TEST_P(TimerQueueTest, IdsAreTheSameForNoTwoTimers) {
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

TYPED_TEST_P(TimerQueueTest, CancelDestroysTheValueAtOnce) {
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
TYPED_TEST_P(TimerQueueTest, NextDeadlineIsExactWhenTheEarliestIsCancelled) {
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

// ---- Calling back ----

TYPED_TEST_P(TimerQueueTest, WhatACallbackSchedulesWaitsForTheNextTime) {
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

TYPED_TEST_P(TimerQueueTest, WhatACallbackCancelsDoesNotFire) {
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
TYPED_TEST_P(TimerQueueTest, ACallbackMayCancelAllOthers) {
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

TYPED_TEST_P(TimerQueueTest, ACallbackSeesWhatIsStillToFire) {
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

TYPED_TEST_P(TimerQueueTest, PopDueInsideOfPopDueFiresTheRest) {
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

TYPED_TEST_P(TimerQueueTest, WhatACallbackThrowsLosesNothing) {
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
TYPED_TEST_P(TimerQueueTest, TheRestAfterAThrowKeepsItsOrder) {
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

TYPED_TEST_P(TimerQueueTest, CollectDueFiresNothing) {
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

TYPED_TEST_P(TimerQueueTest, WhatIsScheduledBetweenThePhasesWaits) {
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

TYPED_TEST_P(TimerQueueTest, WhatIsCancelledBetweenThePhasesDoesNotFire) {
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
TYPED_TEST_P(TimerQueueTest, ManyAreCancelledBetweenThePhases) {
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

TYPED_TEST_P(TimerQueueTest, NextDeadlineCountsWhatWasCollected) {
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

TYPED_TEST_P(TimerQueueTest, ASecondCollectDueMergesInOrder) {
  typename TestFixture::Ints queue;
  for (const int ms : {10, 20, 30}) queue.schedule(ms * 1ms, ms);
  queue.collect_due(20ms);
  queue.schedule(10ms, 11);
  queue.schedule(5ms, 5);
  queue.collect_due(30ms);
  EXPECT_EQ(this->fired_by(queue), (std::vector{5, 10, 11, 20, 30}));
}

// The clock may go back: then what was due is so no longer.
TYPED_TEST_P(TimerQueueTest, ASecondCollectDuePutsBackWhatIsNotDue) {
  typename TestFixture::Ints queue;
  for (const int ms : {10, 20, 30}) queue.schedule(ms * 1ms, ms);
  queue.collect_due(30ms);
  queue.collect_due(10ms);
  EXPECT_EQ(this->fired_by(queue), std::vector{10});
  EXPECT_EQ(queue.next_deadline(), 20ms);
  EXPECT_EQ(this->fired_by(queue, 1s), (std::vector{20, 30}));
}

TYPED_TEST_P(TimerQueueTest, FireDueGoesOnAfterAThrow) {
  typename TestFixture::Ints queue;
  for (const int ms : {10, 20, 30}) queue.schedule(ms * 1ms, ms);
  queue.collect_due(20ms);
  EXPECT_THROW(queue.fire_due([](int) { throw 1; }), int);
  queue.schedule(10ms, 11);
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(this->fired_by(queue), std::vector{20});
  EXPECT_EQ(this->fired_by(queue, 1s), (std::vector{11, 30}));
}

// ---- Values ----

TYPED_TEST_P(TimerQueueTest, ValuesNeedNotBeCopied) {
  typename TypeParam::template Queue<std::unique_ptr<int>> queue;
  queue.schedule(1s, std::make_unique<int>(7));
  int sum = 0;
  queue.pop_due(1s, [&](std::unique_ptr<int>&& value) { sum += *value; });
  EXPECT_EQ(sum, 7);
}

// Aligned as nothing else here.
struct alignas(64) Aligned {
  std::unique_ptr<int> number;
};

TYPED_TEST_P(TimerQueueTest, ValuesAreAligned) {
  typename TypeParam::template Queue<Aligned> queue;
  for (const int i : this->numbers(0, 3000)) {
    queue.schedule(1s, Aligned{std::make_unique<int>(i)});
  }
  std::vector<int> fired;
  queue.pop_due(1s, [&](Aligned&& value) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&value) % alignof(Aligned), 0u);
    fired.push_back(*value.number);
  });
  EXPECT_EQ(fired, this->numbers(0, 3000));
}

// Calls a function when it dies, unless it was moved from.
class AtDeath {
 public:
  explicit AtDeath(std::function<void()> f) : f_(std::move(f)) {}
  AtDeath(AtDeath&& other) noexcept : f_(std::exchange(other.f_, nullptr)) {}
  AtDeath& operator=(AtDeath&&) = delete;
  ~AtDeath() {
    if (f_) f_();
  }

 private:
  std::function<void()> f_;
};

TYPED_TEST_P(TimerQueueTest, TheDestructorOfACancelledValueMayCallBack) {
  typename TypeParam::template Queue<AtDeath> queue;
  std::vector<TimerId> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.push_back(queue.schedule(1s, AtDeath([&queue, &ids, i] {
                                   if (i + 1 < 1000) {
                                     EXPECT_TRUE(queue.cancel(ids[i + 1]));
                                   }
                                   EXPECT_FALSE(queue.cancel(ids[i]));
                                   queue.schedule(2s + i * 1ns, AtDeath([] {}));
                                 })));
  }
  EXPECT_TRUE(queue.cancel(ids[0]));
  EXPECT_EQ(queue.size(), 1000u);
  EXPECT_EQ(queue.next_deadline(), 2s);
  EXPECT_EQ(queue.pop_due(1h, [](AtDeath&&) {}), 1000u);
}

TYPED_TEST_P(TimerQueueTest, TheDestructorOfAFiredValueMayCallBack) {
  typename TypeParam::template Queue<AtDeath> queue;
  TimerId other;
  queue.schedule(1s, AtDeath([&] {
                   EXPECT_TRUE(queue.cancel(other));
                   queue.schedule(0s, AtDeath([] {}));
                 }));
  other = queue.schedule(2s, AtDeath([] {}));
  EXPECT_EQ(queue.pop_due(3s, [](AtDeath&&) {}), 1u);
  EXPECT_EQ(queue.pop_due(3s, [](AtDeath&&) {}), 1u);
}

// Counts all that live, those that were moved from included.
struct Counted {
  Counted() { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  Counted& operator=(Counted&&) = default;
  ~Counted() { --alive; }

  static inline int alive = 0;
};

TYPED_TEST_P(TimerQueueTest, EachValueIsDestroyedOnce) {
  {
    typename TypeParam::template Queue<Counted> queue;
    std::vector<TimerId> ids;
    for (int i = 0; i < 3000; ++i) {
      ids.push_back(queue.schedule(i * 1ms, Counted()));
    }
    EXPECT_EQ(Counted::alive, 3000);
    for (std::size_t i = 0; i < 3000; i += 3) queue.cancel(ids[i]);
    EXPECT_EQ(Counted::alive, 2000);
    queue.pop_due(1s, [](Counted&&) {});
    EXPECT_EQ(static_cast<std::size_t>(Counted::alive), queue.size());
  }
  EXPECT_EQ(Counted::alive, 0);
}

TYPED_TEST_P(TimerQueueTest, DestroyingTheQueueDestroysTheValues) {
  const auto value = std::make_shared<int>(1);
  {
    typename TypeParam::template Queue<std::shared_ptr<int>> queue;
    for (int i = 0; i < 3000; ++i) queue.schedule(i * 1ms, value);
    queue.pop_due(1s, [](std::shared_ptr<int>) {});
    queue.next_deadline();
  }
  EXPECT_EQ(value.use_count(), 1);
}

TYPED_TEST_P(TimerQueueTest, ValuesMayCallAQueueThatIsBeingDestroyed) {
  int deaths = 0;
  {
    std::vector<TimerId> ids;
    typename TypeParam::template Queue<AtDeath> queue;
    for (int i = 0; i < 1000; ++i) {
      ids.push_back(queue.schedule(i * 1ms, AtDeath([&, i] {
                                     ++deaths;
                                     queue.cancel(ids[(i + 500) % 1000]);
                                     queue.next_deadline();
                                     queue.schedule(0s,
                                                    AtDeath([&] { ++deaths; }));
                                   })));
    }
  }
  EXPECT_EQ(deaths, 2000);
}

// ---- Memory: not under AddressSanitizer, which has its own operator new ----

// Warm: there have been twice as many for a while.
TYPED_TEST_P(TimerQueueTest, AllocatesNothingOnceWarm) {
  if (allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  typename TestFixture::Ints queue;
  std::vector<TimerId> ids(2000);
  std::mt19937 random(1);
  nanoseconds now = 0s;
  const auto run = [&](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (TimerId& id : ids) {
        queue.cancel(id);
        id = queue.schedule(now + random() % 100'000 * 1us, 0);
      }
      now += 10ms;
      queue.next_deadline();
      queue.pop_due(now, [](int) {});
    }
  };
  run(100);
  for (std::size_t i = 1000; i < 2000; ++i) queue.cancel(ids[i]);
  ids.resize(1000);
  run(5);
  const std::size_t before = allocations();
  run(200);
  EXPECT_EQ(allocations() - before, 0u);
}

// A timeout that is always answered in time: what is cancelled must not pile
// up.
TYPED_TEST_P(TimerQueueTest, CancellingForEverHoldsNoMemory) {
  if (allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  typename TestFixture::Ints queue;
  const std::size_t before = allocated_bytes();
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(queue.cancel(queue.schedule(1h + i * 1ns, i)));
  }
  EXPECT_LT(allocated_bytes() - before, 100'000u);
}

TYPED_TEST_P(TimerQueueTest, MemoryOfCancelledTimersComesBack) {
  if (allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  typename TestFixture::Ints queue;
  const std::size_t before = allocated_bytes();
  std::vector<TimerId> ids;
  ids.reserve(1'000'000);
  const std::size_t of_ids = allocated_bytes() - before;
  for (int i = 0; i < 1'000'000; ++i) {
    ids.push_back(queue.schedule(1h + i * 1us, i));
  }
  const std::size_t full = allocated_bytes() - before - of_ids;
  EXPECT_LT(full, 64'000'000u);
  std::shuffle(ids.begin(), ids.end(), std::mt19937(1));
  for (const TimerId id : ids) EXPECT_TRUE(queue.cancel(id));
  EXPECT_TRUE(queue.empty());
  for (int i = 0; i < 2000; ++i) this->fired_by(queue, 0s);
  EXPECT_LT(allocated_bytes() - before - of_ids, full / 100);
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
}

TYPED_TEST_P(TimerQueueTest, MemoryOfFiredTimersComesBack) {
  if (allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  typename TestFixture::Ints queue;
  const std::size_t before = allocated_bytes();
  for (int i = 0; i < 200'000; ++i) queue.schedule(i * 1us, i);
  const std::size_t full = allocated_bytes() - before;
  int next = 0;
  for (nanoseconds now = 0s; now <= 200ms; now += 1ms) {
    queue.pop_due(now, [&](int value) { next += value == next ? 1 : 0; });
  }
  EXPECT_EQ(next, 200'000);
  EXPECT_TRUE(queue.empty());
  for (int i = 0; i < 2000; ++i) this->fired_by(queue, 1s);
  EXPECT_LT(allocated_bytes() - before, full / 20);
}

// A queue that is full by day and empty by night does not get its memory from
// the kernel every day.
TYPED_TEST_P(TimerQueueTest, MemoryIsKeptForAWhile) {
  if (allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  typename TestFixture::Ints queue;
  std::size_t before = 0;
  for (int day = 0; day < 10; ++day) {
    if (day == 5) before = allocations();
    for (int i = day < 5 ? -20'000 : 0; i < 20'000; ++i) {
      queue.schedule(day * 24h + i * 1ms, i);
    }
    for (int i = 0; i < 900; ++i) {
      queue.pop_due(day * 24h + i * 1s, [](int) {});
    }
    EXPECT_TRUE(queue.empty());
  }
  EXPECT_EQ(allocations() - before, 0u);
}

// A few survivors, wherever they stand, do not hold the memory of all.
TYPED_TEST_P(TimerQueueTest, MemoryComesBackAlthoughSomeArePending) {
  if (allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  typename TestFixture::Ints queue;
  const std::size_t before = allocated_bytes();
  std::vector<TimerId> ids;
  ids.reserve(200'000);
  const std::size_t of_ids = allocated_bytes() - before;
  for (int i = 0; i < 200'000; ++i) ids.push_back(queue.schedule(1s, i));
  const std::size_t full = allocated_bytes() - before - of_ids;
  for (int i = 0; i < 200'000; ++i) {
    if (i % 4096 != 0) queue.cancel(ids[i]);
  }
  for (int i = 0; i < 2000; ++i) queue.pop_due(0s, [](int) {});
  EXPECT_LT(allocated_bytes() - before - of_ids, full / 2);
  for (int i = 1; i <= 3000; ++i) queue.schedule(1s, -i);
  std::vector<int> expected = this->numbers(0, 200'000, 4096);
  for (int i = 1; i <= 3000; ++i) expected.push_back(-i);
  EXPECT_EQ(this->fired_by(queue, 1s), expected);
}

REGISTER_TYPED_TEST_SUITE_P(
    TimerQueueTest, EmptyQueueHasNothing, FiresInOrderOfDeadlines,
    NeverFiresEarly, EqualDeadlinesFireInOrderOfScheduling,
    EqualDeadlinesKeepTheirOrderWhenHalfIsCancelled,
    EqualDeadlinesKeepTheirOrderWhateverIsAsked, AllDeadlinesAreFine,
    PastDeadlinesFireNext, TimeMayStandStillOrGoBack, CancelIsFinal,
    CancelOfFiredOrUnknownReturnsFalse, CancelByAStaleIdHitsNobodyElse,
    IdsAreTheSameForNoTwoTimers, CancelDestroysTheValueAtOnce,
    NextDeadlineIsExactWhenTheEarliestIsCancelled,
    WhatACallbackSchedulesWaitsForTheNextTime, WhatACallbackCancelsDoesNotFire,
    ACallbackMayCancelAllOthers, ACallbackSeesWhatIsStillToFire,
    PopDueInsideOfPopDueFiresTheRest, WhatACallbackThrowsLosesNothing,
    TheRestAfterAThrowKeepsItsOrder, CollectDueFiresNothing,
    WhatIsScheduledBetweenThePhasesWaits,
    WhatIsCancelledBetweenThePhasesDoesNotFire,
    ManyAreCancelledBetweenThePhases, NextDeadlineCountsWhatWasCollected,
    ASecondCollectDueMergesInOrder, ASecondCollectDuePutsBackWhatIsNotDue,
    FireDueGoesOnAfterAThrow, ValuesNeedNotBeCopied, ValuesAreAligned,
    TheDestructorOfACancelledValueMayCallBack,
    TheDestructorOfAFiredValueMayCallBack, EachValueIsDestroyedOnce,
    DestroyingTheQueueDestroysTheValues,
    ValuesMayCallAQueueThatIsBeingDestroyed, AllocatesNothingOnceWarm,
    CancellingForEverHoldsNoMemory, MemoryIsKeptForAWhile,
    MemoryComesBackAlthoughSomeArePending, MemoryOfCancelledTimersComesBack,
    MemoryOfFiredTimersComesBack);

}  // namespace timers

#endif  // TESTS_TIMERS_TIMER_QUEUE_CONFORMANCE_H_
