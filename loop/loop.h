// All that `import asyncio` gives, as far as it is here.

#ifndef LOOP_LOOP_H_
#define LOOP_LOOP_H_

#include "loop/callbacks/callbacks.h"
#include "loop/coroutines/coroutines.h"
#include "loop/futures/futures.h"

#endif  // LOOP_LOOP_H_
