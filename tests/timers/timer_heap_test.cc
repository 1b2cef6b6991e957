#include "timers/timer_heap.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/timers/timer_queue_conformance.h"

namespace timers {

struct HeapKind {
  template <class Value>
  using Queue = TimerHeap<Value>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimerOrderTest, HeapKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimerReentryTest, HeapKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimerMemoryTest, HeapKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimerPoolTest, HeapKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimerShortageTest, HeapKind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimersWithoutMemoryTest, HeapKind);

namespace {

// The heap numbers what is scheduled, and begins again before the numbers are
// used up.
TEST(TimerHeapTest, KeepsTheOrderWhenTicketsAreRenumbered) {
  constexpr std::uint32_t kHalf = 1u << 31;
  for (const std::uint32_t before : {2u, 100u, 1000u}) {
    TimerHeap<int> heap(kHalf - before);
    std::vector<int> collected, expected;
    for (int i = 0; i < 300; ++i) heap.schedule(1s, i);
    heap.collect_due(1s);
    std::vector<TimerId> ids;
    for (int i = 0; i < 6000; ++i) ids.push_back(heap.schedule(i % 3 * 1s, i));
    for (std::size_t i = 0; i < 6000; i += 4) heap.reschedule(ids[i], 2s);
    heap.fire_due([&](int value) { collected.push_back(value); });
    std::vector<int> fired;
    for (int third = 0; third < 3; ++third) {
      for (int i = 0; i < 6000; ++i) {
        if (i % 3 == third && i % 4 != 0) expected.push_back(i);
      }
    }
    for (int i = 0; i < 6000; i += 4) expected.push_back(i);
    heap.pop_due(2s, [&](int value) { fired.push_back(value); });
    EXPECT_EQ(fired, expected);
    EXPECT_EQ(collected.size(), 300u);
    EXPECT_TRUE(std::is_sorted(collected.begin(), collected.end()));
  }
}

// The run that was sorted becomes one level, again and again: more of them than
// the heap keeps, which then joins two.
TEST(TimerHeapTest, KeepsTheOrderOfManyLevels) {
  TimerHeap<int> heap;
  std::vector<int> expected, fired;
  constexpr int kTimers = 20'000;
  for (int i = kTimers; i-- > 0;) {
    heap.schedule(i / 2 * 1us, i);
    expected.push_back(i);
    if (i % 100 == 0) {
      EXPECT_EQ(heap.next_deadline(), i / 2 * 1us);
    }
  }
  heap.pop_due(1h, [&](int value) { fired.push_back(value); });
  std::stable_sort(expected.begin(), expected.end(),
                   [](int a, int b) { return a / 2 < b / 2; });
  EXPECT_EQ(fired, expected);
}

}  // namespace
}  // namespace timers
