// Umbrella header of loop/queues: queues between tasks.

#ifndef LOOP_QUEUES_QUEUES_H_
#define LOOP_QUEUES_QUEUES_H_

#include "loop/queues/queue.h"

#endif  // LOOP_QUEUES_QUEUES_H_
