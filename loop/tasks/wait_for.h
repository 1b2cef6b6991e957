// `wait_for()`: awaits one awaitable, with a time limit.

#ifndef LOOP_TASKS_WAIT_FOR_H_
#define LOOP_TASKS_WAIT_FOR_H_

#include <utility>
#include <vector>

#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/tasks/timeout.h"
#include "loop/tasks/wait.h"
#include "selectors/wait_limit.h"

namespace loop {
namespace wait_for_internal {

// Cancels `future`, and waits until it is done. Awaiting the future itself
// would not end when the calling task is cancelled; wait() does.
template <class T>
Coroutine<> cancel_and_wait(Future<T> future) {
  future.cancel();
  std::vector<Future<T>> futures{std::move(future)};
  co_await wait(std::move(futures));
}

}  // namespace wait_for_internal

/// Awaits `awaitable` in the calling task, and returns its result or throws its
/// exception; after `limit` cancels it and throws TimeoutError.
///
/// ```cpp
/// const std::string line = co_await loop::wait_for(read_line(), 2s);
/// ```
///
/// When the limit has passed, wait_for() first waits until the cancelled
/// `awaitable` has ended. If that did not end with a CancelledError, wait_for()
/// returns its result or throws its exception. A limit of nullopt waits
/// forever. With a limit of 0 or less, a future that is done gives its result,
/// and anything else is cancelled: a coroutine does not even start.
///
/// Cancelling the calling task cancels `awaitable` and throws CancelledError
/// here, whatever else happens at that moment. Threads: the loop's thread only.
///
/// Differs from Python: with a limit of 0 the task continues in the iteration
/// after the one in which the cancelled task ends, or at once if it has
/// cancelled a future; in asyncio one iteration later, or two. Port of
/// asyncio.wait_for (CPython 3.15, Lib/asyncio/tasks.py).
template <Awaitable A>
Coroutine<AwaitResult<A>> wait_for(
    A awaitable, selectors::WaitLimit limit,
    SourceLocation where = SourceLocation::current()) {
  if (!limit.is_poll()) {
    Timeout timer = timeout(limit, where);
    co_return co_await timer.run(std::move(awaitable));
  }
  const Future<AwaitResult<A>> future =
      ensure_future(std::move(awaitable), where);
  if (future.done()) co_return take_result<!IsFuture<A>>(future);
  co_await wait_for_internal::cancel_and_wait(future);
  try {
    co_return take_result<!IsFuture<A>>(future);
  } catch (const CancelledError&) {
    throw TimeoutError();
  }
}

}  // namespace loop

#endif  // LOOP_TASKS_WAIT_FOR_H_
