// What the suites that run on every timer queue share.

#ifndef TESTS_TIMERS_TIMER_QUEUE_FIXTURE_H_
#define TESTS_TIMERS_TIMER_QUEUE_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

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

}  // namespace timers

#endif  // TESTS_TIMERS_TIMER_QUEUE_FIXTURE_H_
