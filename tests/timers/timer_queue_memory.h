// Whose values are whose, and where memory goes.

#ifndef TESTS_TIMERS_TIMER_QUEUE_MEMORY_H_
#define TESTS_TIMERS_TIMER_QUEUE_MEMORY_H_

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

#include "tests/support/allocations.h"
#include "tests/timers/timer_queue_fixture.h"
#include "timers/timer_queue.h"

namespace timers {

template <class Kind>
class TimerMemoryTest : public TimerQueueTest<Kind> {};

TYPED_TEST_SUITE_P(TimerMemoryTest);

// ---- Values ----

TYPED_TEST_P(TimerMemoryTest, ValuesNeedNotBeCopied) {
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

TYPED_TEST_P(TimerMemoryTest, ValuesAreAligned) {
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

// Made of a number, unless that is negative; counts how often it is moved.
class Made {
 public:
  explicit Made(int number) : number_(number) {
    if (number < 0) throw std::invalid_argument("negative");
  }
  Made(Made&& other) noexcept
      : number_(other.number_), moves_(other.moves_ + 1) {}
  int number() const { return number_; }
  int moves() const { return moves_; }

 private:
  int number_;
  int moves_ = 0;
};

TYPED_TEST_P(TimerMemoryTest, ValuesNeverMove) {
  typename TypeParam::template Queue<Made> queue;
  queue.schedule(1s, 1);
  EXPECT_THROW(queue.schedule(1s, -1), std::invalid_argument);
  EXPECT_EQ(queue.size(), 1u);
  queue.schedule(1s, 2);
  std::vector<int> fired;
  queue.pop_due(1s, [&](Made&& value) {
    fired.push_back(value.number());
    EXPECT_EQ(value.moves(), 0);
  });
  EXPECT_EQ(fired, (std::vector<int>{1, 2}));
}

TYPED_TEST_P(TimerMemoryTest, TheDestructorOfACancelledValueMayCallBack) {
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

TYPED_TEST_P(TimerMemoryTest, TheDestructorOfAFiredValueMayCallBack) {
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

TYPED_TEST_P(TimerMemoryTest, EachValueIsDestroyedOnce) {
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

TYPED_TEST_P(TimerMemoryTest, DestroyingTheQueueDestroysTheValues) {
  const auto value = std::make_shared<int>(1);
  {
    typename TypeParam::template Queue<std::shared_ptr<int>> queue;
    for (int i = 0; i < 3000; ++i) queue.schedule(i * 1ms, value);
    queue.pop_due(1s, [](std::shared_ptr<int>) {});
    queue.next_deadline();
  }
  EXPECT_EQ(value.use_count(), 1);
}

TYPED_TEST_P(TimerMemoryTest, ValuesMayCallAQueueThatIsBeingDestroyed) {
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

// Only the surplus is dropped, and what stays needs no room of its own.
TYPED_TEST_P(TimerMemoryTest, CancellingAllocatesNothing) {
  if (allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  typename TestFixture::Ints queue;
  std::vector<TimerId> ids;
  for (int i = 0; i < 10'000; ++i) ids.push_back(queue.schedule(i * 1us, i));
  const std::size_t before = allocations();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % 16 != 0) queue.cancel(ids[i]);
  }
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(this->fired_by(queue, 1s), this->numbers(0, 10'000, 16));
}

// A timeout that is always answered in time: what is cancelled must not pile
// up.
TYPED_TEST_P(TimerMemoryTest, CancellingForeverHoldsNoMemory) {
  if (allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  typename TestFixture::Ints queue;
  const std::size_t before = allocated_bytes();
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(queue.cancel(queue.schedule(1h + i * 1ns, i)));
  }
  EXPECT_LT(allocated_bytes() - before, 100'000u);
}

TYPED_TEST_P(TimerMemoryTest, ReschedulingForeverHoldsNoMemory) {
  if (allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  typename TestFixture::Ints queue;
  const std::size_t before = allocated_bytes();
  const TimerId id = queue.schedule(1h, 1);
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(queue.reschedule(id, 1h + i * 1ns));
  }
  EXPECT_LT(allocated_bytes() - before, 100'000u);
  EXPECT_EQ(queue.next_deadline(), 1h + 99'999ns);
}

TYPED_TEST_P(TimerMemoryTest, MemoryOfFiredTimersComesBack) {
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

// A few survivors, wherever they stand, do not hold the memory of all.
TYPED_TEST_P(TimerMemoryTest, MemoryComesBackAlthoughSomeArePending) {
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
    TimerMemoryTest, ValuesNeedNotBeCopied, ValuesAreAligned, ValuesNeverMove,
    TheDestructorOfACancelledValueMayCallBack,
    TheDestructorOfAFiredValueMayCallBack, EachValueIsDestroyedOnce,
    DestroyingTheQueueDestroysTheValues,
    ValuesMayCallAQueueThatIsBeingDestroyed, CancellingAllocatesNothing,
    CancellingForeverHoldsNoMemory, ReschedulingForeverHoldsNoMemory,
    MemoryOfFiredTimersComesBack, MemoryComesBackAlthoughSomeArePending);

// ---- For queues that keep memory for the next timers ----

template <class Kind>
class TimerPoolTest : public TimerQueueTest<Kind> {};

TYPED_TEST_SUITE_P(TimerPoolTest);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TimerPoolTest);

// Knows at run time whether its destructor has something to do.
struct Mortal {
  Mortal(int* deaths_, bool trivial_) : deaths(deaths_), trivial(trivial_) {}
  Mortal(Mortal&& other) noexcept
      : deaths(std::exchange(other.deaths, nullptr)), trivial(other.trivial) {}
  ~Mortal() {
    if (deaths != nullptr) ++*deaths;
  }
  bool is_trivially_destructible() const { return trivial; }
  int* deaths;
  bool trivial;
};

TYPED_TEST_P(TimerPoolTest, CancellingLeavesTrivialValuesAlone) {
  typename TypeParam::template Queue<Mortal> queue;
  int deaths = 0;
  const TimerId trivial = queue.schedule(1s, &deaths, true);
  const TimerId other = queue.schedule(1s, &deaths, false);
  EXPECT_TRUE(queue.cancel(trivial));
  EXPECT_EQ(deaths, 0);
  EXPECT_FALSE(queue.cancel(trivial));
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_TRUE(queue.cancel(other));
  EXPECT_EQ(deaths, 1);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pop_due(1s, [](Mortal&&) {}), 0u);
  EXPECT_EQ(deaths, 1);
}

// Warm: there have been twice as many for a while.
TYPED_TEST_P(TimerPoolTest, AllocatesNothingOnceWarm) {
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

// A queue that is full by day and empty by night does not get its memory from
// the kernel every day.
TYPED_TEST_P(TimerPoolTest, MemoryIsKeptForAWhile) {
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

TYPED_TEST_P(TimerPoolTest, MemoryOfCancelledTimersComesBack) {
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

REGISTER_TYPED_TEST_SUITE_P(TimerPoolTest, CancellingLeavesTrivialValuesAlone,
                            AllocatesNothingOnceWarm,
                            MemoryOfCancelledTimersComesBack,
                            MemoryIsKeptForAWhile);

}  // namespace timers

#endif  // TESTS_TIMERS_TIMER_QUEUE_MEMORY_H_
