// `print_tasks()`: the pending tasks of a loop, and their waits, as a tree.

#ifndef LOOP_TASKS_PRINT_TASKS_H_
#define LOOP_TASKS_PRINT_TASKS_H_

#include <cstdio>
#include <string>

#include "loop/callbacks/event_loop.h"

namespace loop {

/// Returns the tasks of a loop that are not done, as a tree.
///
/// ```text
/// Task-1
/// └── main server.cc:52
///     └── serve server.cc:31
///         ├── reader
///         │   └── sleep_a_bit server.cc:12
///         └── writer
///             └── operator() server.cc:20
/// ```
///
/// Each task is followed by its coroutines, the first one first, with the
/// location where each waits. Below the last coroutine are the tasks that it
/// waits for, however indirectly.
///
/// A task that several others wait for is drawn once; its other lines end with
/// "(above)". A line that is more than 20 levels deep is not indented: it
/// begins with its level, as "[21] ". The text grows linearly with the number
/// of tasks and of their waits. Returns "" if the loop is closed. Threads: the
/// loop's thread only.
///
/// Port of the output of `python -m asyncio pstree` (CPython 3.14,
/// Lib/asyncio/tools.py).
std::string format_tasks(EventLoop& event_loop);

/// Writes the tree of format_tasks() to `file`, and flushes it. Threads: the
/// loop's thread only.
void print_tasks(EventLoop& event_loop, std::FILE* file = stderr);

/// Installs a handler that prints the tasks to standard error at each SIGUSR2:
/// `kill -USR2 <pid>` shows where a program waits. Beyond Python.
void print_tasks_on_signal(EventLoop& event_loop);

}  // namespace loop

#endif  // LOOP_TASKS_PRINT_TASKS_H_
