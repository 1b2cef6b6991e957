#include "loop/futures/default_executor.h"

#include "selectors/errors.h"

namespace loop {

// The old executor is destroyed last.
void set_default_executor(EventLoop& event_loop,
                          std::shared_ptr<ThreadPoolExecutor> executor) {
  event_loop.check_thread("set_default_executor");
  if (executor == nullptr) {
    throw selectors::ValueError("set_default_executor: no executor");
  }
  event_loop.extension<DefaultExecutor>().executor.swap(executor);
}

}  // namespace loop
