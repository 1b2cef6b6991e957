#include "loop/futures/future_core.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/log_line.h"
#include "loop/futures/errors.h"
#include "loop/futures/nested_destruction.h"
#include "selectors/errors.h"

namespace loop {

// A cancellation is not a failure to report.
void FutureCore::report_unretrieved() const noexcept try {
  if (is_cancelled_error(exception_)) return;
  const ExceptionContext context{kind_ == Kind::kTask
                                     ? "Task exception was never retrieved"
                                     : "Future exception was never retrieved",
                                 exception_, where_};
  if (EventLoop* const event_loop = loop_.get()) {
    event_loop->call_exception_handler(context);
  } else {
    EventLoop::default_exception_handler(context);
  }
} catch (const std::bad_alloc&) {
  log_no_memory();
}

namespace {

class ReportException final : public FunctionCallback {
  void destroy_function() override {}
  void call(FutureCore& future) override {
    if (future.cancelled()) return;
    if (const std::exception_ptr exception = future.exception()) {
      future.get_loop().call_exception_handler(
          {"exception in shielded future", exception, future.where()});
    }
  }
};

}  // namespace

void FutureCore::report_exception_later() {
  if (reports_exception_) return;
  const Reference<FunctionCallback> added(new ReportException);
  added->add_to(*this);
  reports_exception_ = true;
}

EventLoop& FutureCore::get_loop() const { return loop_.get_open(); }

bool FutureCore::cancel(std::string message) {
  check_thread("cancel");
  unretrieved_ = false;
  if (done()) return false;
  set_cancel_message(std::move(message));
  finish_cancelled();
  return true;
}

void FutureCore::set_exception(std::exception_ptr exception) {
  check_pending("set_exception");
  if (exception == nullptr) {
    throw selectors::ValueError("set_exception: no exception");
  }
  finish_with(std::move(exception));
}

std::exception_ptr FutureCore::exception() {
  check_thread("exception");
  if (cancelled()) throw_cancelled();
  if (!done()) throw InvalidStateError("Exception is not set.");
  unretrieved_ = false;
  return exception_;
}

void FutureCore::check_pending(const char* function) const {
  check_thread(function);
  if (kind_ == Kind::kTask) {
    throw selectors::RuntimeError(
        std::string("Task does not support the operation ") + function);
  }
  if (done()) {
    throw InvalidStateError(std::string(function) + ": the future is done");
  }
  if (is_storing_) {
    throw InvalidStateError(std::string(function) +
                            ": the result is being constructed");
  }
}

void FutureCore::throw_cancelled() const {
  if (exception_) std::rethrow_exception(exception_);
  throw CancelledError(cancel_message());
}

void FutureCore::throw_no_result() {
  if (cancelled()) throw_cancelled();
  if (!done()) throw InvalidStateError("Result is not ready.");
  if (phase_ == Phase::kHandedOver) {
    throw InvalidStateError(
        "The result was handed over to a task that awaited a temporary or "
        "std::move(future); for several waiters, await the future by its name");
  }
  unretrieved_ = false;
  std::rethrow_exception(exception_);
}

void FutureCore::add_done_callback(DoneCallback& callback) {
  check_thread("add_done_callback");
  if (done()) {
    callback.on_done(*this);
  } else {
    callbacks_.push_back(callback);
  }
}

void FutureCore::check_thread(const char* function) const {
  if (EventLoop* const event_loop = loop_.get()) {
    event_loop->check_thread(function);
  }
}

// Results and callbacks may own further futures, in chains of any length.
void FutureCore::destroy() noexcept {
  NestedDestruction::run(
      [](void* state) { delete static_cast<FutureCore*>(state); }, this);
}

void FutureCore::finish_with(std::exception_ptr exception) {
  exception_ = std::move(exception);
  unretrieved_ = true;
  finish(Phase::kFinished);
}

void FutureCore::finish(Phase phase) {
  // If the loop is closed, callbacks are destroyed here, and may own the last
  // handle.
  const Reference self(this);
  phase_ = phase;
  while (!callbacks_.empty()) callbacks_.pop_front().on_done(*this);
}

void FunctionCallback::add_to(FutureCore& future) {
  future.check_thread("add_done_callback");
  retain();
  future_ = &future;
  future.add_done_callback(*this);
}

// The callback leaves the list before the function is destroyed, as the
// destructor may run any code.
bool FunctionCallback::remove_from(const FutureCore& future) {
  if (future_ != &future) return false;
  unlink();
  on_gone();
  return true;
}

void FunctionCallback::on_gone() {
  future_ = nullptr;
  destroy_function();
  release();  // Last, as it may be the last reference.
}

// A closed loop calls no callbacks.
void FunctionCallback::on_done(FutureCore& future) {
  struct Dying {
    explicit Dying(Reference<FunctionCallback> s) : self(std::move(s)) {}
    Dying(Dying&&) noexcept = default;
    Reference<FunctionCallback> self;
    ~Dying() {
      if (self.get() != nullptr) self->destroy_function();
    }
  };
  future_ = nullptr;
  Dying dying{Reference(this)};
  release();
  future.loop_reference().call_soon_if_open(
      [dying = std::move(dying), future = Reference(&future)] {
        dying.self->call(*future);
      },
      future.where());
}

}  // namespace loop
