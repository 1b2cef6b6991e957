#include "loop/futures/shutdown_default_executor.h"

#include "loop/futures/default_executor.h"
#include "loop/futures/run_in_executor.h"

namespace loop {

// If no thread runs any more, there is nothing to wait for.
Future<bool> shutdown_default_executor(EventLoop& event_loop,
                                       std::chrono::nanoseconds wait_at_most,
                                       SourceLocation where) {
  event_loop.check_thread("shutdown_default_executor");
  auto& defaults = event_loop.extension<DefaultExecutor>();
  if (defaults.executor->shutdown(std::chrono::nanoseconds::zero())) {
    Future<bool> future(event_loop, where);
    future.set_result(true);
    return future;
  }
  return run_in_executor(
      event_loop, defaults.waiters,
      [executor = defaults.executor, wait_at_most] {
        return executor->shutdown(wait_at_most);
      },
      where);
}

}  // namespace loop
