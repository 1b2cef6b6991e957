// Umbrella header of loop/runners: Runner and run().

#ifndef LOOP_RUNNERS_RUNNERS_H_
#define LOOP_RUNNERS_RUNNERS_H_

#include "loop/runners/runner.h"

#endif  // LOOP_RUNNERS_RUNNERS_H_
