// All public headers of loop/coroutines: coroutines, and the tasks that run
// them.

#ifndef LOOP_COROUTINES_COROUTINES_H_
#define LOOP_COROUTINES_COROUTINES_H_

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/concurrent_future_awaiter.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/outcome.h"

#endif  // LOOP_COROUTINES_COROUTINES_H_
