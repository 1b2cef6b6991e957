#include "timers/sorted_timer_list.h"

#include "tests/timers/timer_queue_conformance.h"

namespace timers {

struct ListKind {
  template <class Value>
  using Queue = SortedTimerList<Value>;
};

INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimerOrderTest, ListKind);
INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimerReentryTest, ListKind);
INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimerMemoryTest, ListKind);
INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimerShortageTest, ListKind);
INSTANTIATE_TYPED_TEST_SUITE_P(SortedTimerList, TimersWithoutMemoryTest,
                               ListKind);

}  // namespace timers
