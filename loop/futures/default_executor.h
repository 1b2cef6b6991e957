// The executor of those who bring none.

#ifndef LOOP_FUTURES_DEFAULT_EXECUTOR_H_
#define LOOP_FUTURES_DEFAULT_EXECUTOR_H_

#include <memory>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/loop_extension.h"
#include "loop/futures/thread_pool_executor.h"

namespace loop {

// That of one loop, event_loop.extension<DefaultExecutor>(). It has no threads
// until there is something to do for them.
struct DefaultExecutor : LoopExtension {
  explicit DefaultExecutor(EventLoop&) {}

  // Shared with the thread that waits for its end.
  const std::shared_ptr<ThreadPoolExecutor> executor =
      std::make_shared<ThreadPoolExecutor>();
  // For that one thread.
  ThreadPoolExecutor waiter{1};
};

}  // namespace loop

#endif  // LOOP_FUTURES_DEFAULT_EXECUTOR_H_
