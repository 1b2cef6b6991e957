// `try_finally()`: a clean-up that may wait, as in `try: … finally: await …`.

#ifndef LOOP_TASKS_TRY_FINALLY_H_
#define LOOP_TASKS_TRY_FINALLY_H_

#include <concepts>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/futures/outcome.h"

namespace loop {

/// Awaits `body`, then the result of `clean_up()`, and returns the result of
/// `body` or throws its exception.
///
/// ```cpp
/// const auto log_out = [&] { return session.log_out(); };
/// co_await loop::try_finally(work(session), log_out);
/// ```
///
/// A clean-up that has to wait cannot be written in a destructor or in a catch
/// block, where `co_await` is not allowed.
///
/// clean_up() is called once, when `body` has ended in any way: also if the
/// task was cancelled, which ends `body` with a CancelledError. The clean-up
/// may wait. Only another cancel() ends it, again with a CancelledError, unless
/// shield() protects it. As in Python, an exception of the clean-up replaces
/// the outcome of `body`. If the loop is closed before `body` has ended,
/// clean_up() is not called. Threads: the loop's thread only.
///
/// Port of `try: return await body` with `finally: await clean_up()`. Differs
/// from Python: an exception of the clean-up does not get that of the body as
/// its context.
template <Awaitable A, std::invocable F>
requires(Awaitable<std::invoke_result_t<F&>>)
    Coroutine<AwaitResult<A>> try_finally(A body, F clean_up) {
  Outcome<AwaitResult<A>> outcome = co_await outcome_of(std::move(body));
  co_await std::invoke(clean_up);
  co_return std::move(outcome).value();
}

}  // namespace loop

#endif  // LOOP_TASKS_TRY_FINALLY_H_
