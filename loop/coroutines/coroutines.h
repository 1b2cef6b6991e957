// The whole of the coroutine layer.

#ifndef LOOP_COROUTINES_COROUTINES_H_
#define LOOP_COROUTINES_COROUTINES_H_

#include "loop/coroutines/as_completed.h"
#include "loop/coroutines/async_generator.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/barrier.h"
#include "loop/coroutines/call_graph.h"
#include "loop/coroutines/concurrent_future_awaiter.h"
#include "loop/coroutines/condition.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/event.h"
#include "loop/coroutines/exception_group.h"
#include "loop/coroutines/gather.h"
#include "loop/coroutines/generator.h"
#include "loop/coroutines/generator_exit.h"
#include "loop/coroutines/guard.h"
#include "loop/coroutines/lock.h"
#include "loop/coroutines/print_tasks.h"
#include "loop/coroutines/queue.h"
#include "loop/coroutines/run_coroutine_threadsafe.h"
#include "loop/coroutines/runner.h"
#include "loop/coroutines/semaphore.h"
#include "loop/coroutines/shield.h"
#include "loop/coroutines/sleep.h"
#include "loop/coroutines/task.h"
#include "loop/coroutines/task_group.h"
#include "loop/coroutines/timeout.h"
#include "loop/coroutines/to_thread.h"
#include "loop/coroutines/try_finally.h"
#include "loop/coroutines/wait.h"
#include "loop/coroutines/wait_for.h"
#include "loop/futures/outcome.h"

#endif  // LOOP_COROUTINES_COROUTINES_H_
