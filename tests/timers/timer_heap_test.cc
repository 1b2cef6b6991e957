#include "timers/timer_heap.h"

#include "tests/timers/timer_queue_conformance.h"

namespace timers {

struct Kind {
  template <class Value>
  using Queue = TimerHeap<Value>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimerOrderTest, Kind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimerReentryTest, Kind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimerMemoryTest, Kind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimerShortageTest, Kind);
INSTANTIATE_TYPED_TEST_SUITE_P(TimerHeap, TimersWithoutMemoryTest, Kind);

}  // namespace timers
