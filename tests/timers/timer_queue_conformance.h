// What every timer queue promises, as four suites. The test of a queue
// instantiates each.

#ifndef TESTS_TIMERS_TIMER_QUEUE_CONFORMANCE_H_
#define TESTS_TIMERS_TIMER_QUEUE_CONFORMANCE_H_

#include "tests/timers/timer_queue_memory.h"
#include "tests/timers/timer_queue_order.h"
#include "tests/timers/timer_queue_reentry.h"
#include "tests/timers/timer_queue_shortage.h"

#endif  // TESTS_TIMERS_TIMER_QUEUE_CONFORMANCE_H_
