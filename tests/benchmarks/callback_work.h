// All workloads of a loop with callbacks.

#ifndef TESTS_BENCHMARKS_CALLBACK_WORK_H_
#define TESTS_BENCHMARKS_CALLBACK_WORK_H_

#include "tests/benchmarks/echo_work.h"
#include "tests/benchmarks/fd_work.h"
#include "tests/benchmarks/loop_work.h"
#include "tests/benchmarks/timer_work.h"
#include "tests/benchmarks/workload.h"

namespace benchmarks {

// `PostLoop` is a loop to which other threads may post.
template <class Timers, class Loop, class PostLoop = Loop>
void add_callbacks(Program& program) {
  add_timers<Timers>(program);
  add_fds<Loop>(program);
  add_echo<Loop>(program);
  add_soon<Loop>(program);
  add_posts<PostLoop>(program);
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_CALLBACK_WORK_H_
