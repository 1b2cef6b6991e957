// Who waits for whom, drawn.

#ifndef LOOP_TASKS_PRINT_TASKS_H_
#define LOOP_TASKS_PRINT_TASKS_H_

#include <cstdio>
#include <string>

#include "loop/callbacks/event_loop.h"

namespace loop {

// The tasks of a loop that are not done, as a tree: each with the coroutines
// that it has called, the first one first, and where each of them waits; then
// with the tasks that the last one waits for, however indirectly.
//
//   Task-1
//   └── main server.cc:52
//       └── serve server.cc:31
//           ├── reader
//           │   └── sleep_a_bit server.cc:12
//           └── writer
//               └── operator() server.cc:20
//
// A task that several wait for is drawn once; after that its line ends with
// "(above)". A line that is more than 20 levels deep is not indented: it begins
// with its level, as "[21] ". The text grows linearly with the number of tasks.
// From the loop's thread.
//
// Port of what `python -m asyncio pstree` shows (CPython 3.14,
// Lib/asyncio/tools.py).
std::string format_tasks(EventLoop& event_loop);

// Writes that.
void print_tasks(EventLoop& event_loop, std::FILE* file = stderr);

// From now on, does so each time that SIGUSR2 comes: `kill -USR2 <pid>` shows
// what a program is waiting for. Beyond Python.
void print_tasks_on_signal(EventLoop& event_loop);

}  // namespace loop

#endif  // LOOP_TASKS_PRINT_TASKS_H_
