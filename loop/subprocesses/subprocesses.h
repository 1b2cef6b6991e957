// Umbrella header of loop/subprocesses: running other programs.

#ifndef LOOP_SUBPROCESSES_SUBPROCESSES_H_
#define LOOP_SUBPROCESSES_SUBPROCESSES_H_

#include "loop/subprocesses/process.h"
#include "loop/subprocesses/subprocess_options.h"

#endif  // LOOP_SUBPROCESSES_SUBPROCESSES_H_
