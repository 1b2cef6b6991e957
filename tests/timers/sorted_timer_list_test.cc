#include "timers/sorted_timer_list.h"

#include "tests/timers/timer_queue_conformance.h"

namespace timers {

struct Kind {
  template <class Value>
  using Queue = SortedTimerList<Value>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimerOrderTest, Kind);
INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimerReentryTest, Kind);
INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimerMemoryTest, Kind);
INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimerShortageTest, Kind);
INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimersWithoutMemoryTest, Kind);

}  // namespace timers
