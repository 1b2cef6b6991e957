// `shield()`: protects an awaitable from cancellation.

#ifndef LOOP_TASKS_SHIELD_H_
#define LOOP_TASKS_SHIELD_H_

#include <exception>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"

namespace loop {
namespace shield_internal {

// The outer future. The inner one keeps it alive until either is done.
template <class T, bool kIsGivenUp>
class State final : public FutureState<T>, public DoneCallback {
 public:
  using FutureState<T>::FutureState;

  void watch(FutureCore& inner) {
    inner_ = &inner;
    this->retain();
    inner.add_done_callback(*this);
  }

  bool cancel(std::string message) override {
    if (inner_ != nullptr) inner_->report_exception_later();
    if (!FutureCore::cancel(std::move(message))) return false;
    if (inner_ != nullptr) leave();
    return true;
  }
  void for_each_awaited(const std::function<void(FutureCore&)>& f) override {
    if (inner_ != nullptr) f(*inner_);
  }

 private:
  void on_done(FutureCore& inner) override {
    const Reference self(this);
    leave();
    this->loop_reference().call_soon_if_open(
        [self, future = Reference(static_cast<FutureState<T>*>(&inner))] {
          if (!self->done()) self->settle(Future<T>(future));
        },
        this->where());
  }
  void on_gone() override {
    const Reference self(this);
    leave();
    if (!this->done()) this->finish_cancelled();
  }

  void leave() {
    unlink();
    inner_ = nullptr;
    this->release();
  }

  void settle(const Future<T>& inner) {
    if (inner.cancelled()) return this->finish_cancelled();
    std::exception_ptr exception;
    try {
      const FutureCore::StoringResult storing(*this);
      if constexpr (std::is_void_v<T>) {
        inner.result();
        this->result.emplace();
      } else {
        this->result.emplace(take_result<kIsGivenUp>(inner));
      }
    } catch (...) {
      exception = std::current_exception();
    }
    if (this->done()) return;  // Cancelled by user code that copies the result.
    if (exception) return this->finish_with(std::move(exception));
    this->set_finished();
  }

  FutureCore* inner_ = nullptr;  // nullptr: one of them is done.
};

}  // namespace shield_internal

/// Returns a future of the outcome of `awaitable`. Cancelling that future does
/// not cancel `awaitable`.
///
/// ```cpp
/// co_await loop::shield(save(document));
/// ```
///
/// An awaitable that is not a future becomes a task, which starts soon. It
/// continues if the task that awaits the shield() is cancelled. If it fails
/// after that, its exception is reported to the exception handler, once, even
/// if the exception is retrieved elsewhere. If it is cancelled itself, so is
/// the future that shield() returned.
///
/// Throws RuntimeError if no loop is running and `awaitable` is not a future.
/// Threads: the loop's thread only.
///
/// Differs from Python: a future that is destroyed while pending counts as
/// cancelled. Port of asyncio.shield (CPython 3.15, Lib/asyncio/tasks.py).
template <Awaitable A>
Future<AwaitResult<A>> shield(
    A awaitable, SourceLocation where = SourceLocation::current()) {
  using T = AwaitResult<A>;
  const Future<T> inner = ensure_future(std::move(awaitable), where);
  if (inner.done()) return inner;
  const Reference outer(
      new shield_internal::State<T, !IsFuture<A>>(inner.get_loop(), where));
  outer->watch(inner.state());
  return Future<T>(Reference<FutureState<T>>(outer.get()));
}

}  // namespace loop

#endif  // LOOP_TASKS_SHIELD_H_
