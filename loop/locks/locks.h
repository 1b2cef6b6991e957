// Umbrella header of loop/locks: locks between tasks.

#ifndef LOOP_LOCKS_LOCKS_H_
#define LOOP_LOCKS_LOCKS_H_

#include "loop/locks/barrier.h"
#include "loop/locks/condition.h"
#include "loop/locks/event.h"
#include "loop/locks/guard.h"
#include "loop/locks/lock.h"
#include "loop/locks/semaphore.h"

#endif  // LOOP_LOCKS_LOCKS_H_
