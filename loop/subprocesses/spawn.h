// `spawn()`: starts a program in a new process.

#ifndef LOOP_SUBPROCESSES_SPAWN_H_
#define LOOP_SUBPROCESSES_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "loop/subprocesses/child_stdio.h"
#include "loop/subprocesses/subprocess_options.h"

namespace loop {

// Starts `program` with `args`, and returns the number of the process. Throws
// OSError, with the names of the program and of its directory, if the program
// cannot be started; ValueError for a string that the kernel would not see
// whole.
pid_t spawn(const std::string& program, const std::vector<std::string>& args,
            const SubprocessOptions& options, const ChildStdio& stdio);

}  // namespace loop

#endif  // LOOP_SUBPROCESSES_SPAWN_H_
