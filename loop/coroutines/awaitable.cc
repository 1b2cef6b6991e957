#include "loop/coroutines/awaitable.h"

#include "selectors/errors.h"

namespace loop {

void check_loop(const EventLoop& event_loop, const FutureCore& future) {
  if (future.loop_reference() != event_loop.reference()) {
    throw selectors::ValueError(
        "The future belongs to a different loop than the one it is to be "
        "awaited in");
  }
}

}  // namespace loop
