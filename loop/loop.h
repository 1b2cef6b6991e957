// All of `import asyncio` that this library has.

#ifndef LOOP_LOOP_H_
#define LOOP_LOOP_H_

#include "loop/callbacks/callbacks.h"
#include "loop/coroutines/coroutines.h"
#include "loop/futures/futures.h"
#include "loop/generators/generators.h"
#include "loop/locks/locks.h"
#include "loop/queues/queues.h"
#include "loop/runners/runners.h"
#include "loop/sockets/sockets.h"
#include "loop/streams/streams.h"
#include "loop/subprocesses/subprocesses.h"
#include "loop/tasks/tasks.h"

#endif  // LOOP_LOOP_H_
