// Umbrella header of loop/futures: futures, executors, and their errors.

#ifndef LOOP_FUTURES_FUTURES_H_
#define LOOP_FUTURES_FUTURES_H_

#include "loop/futures/concurrent_future.h"
#include "loop/futures/default_executor.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/outcome.h"
#include "loop/futures/run_in_executor.h"
#include "loop/futures/shutdown_default_executor.h"
#include "loop/futures/thread_pool_executor.h"
#include "loop/futures/to_thread.h"
#include "loop/futures/wrap_future.h"

#endif  // LOOP_FUTURES_FUTURES_H_
