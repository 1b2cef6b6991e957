#include "loop/futures/future_state.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/handle.h"
#include "loop/futures/errors.h"
#include "selectors/errors.h"

namespace loop {

FutureState::~FutureState() {
  drop_callbacks();
  if (!unretrieved_) return;
  const ExceptionContext context{kind_ == Kind::kTask
                                     ? "Task exception was never retrieved"
                                     : "Future exception was never retrieved",
                                 exception_, where_};
  if (EventLoop* const event_loop = loop_.get()) {
    event_loop->call_exception_handler(context);
  } else {
    EventLoop::default_exception_handler(context);
  }
}

EventLoop& FutureState::get_loop() const {
  EventLoop* const event_loop = loop_.get();
  if (event_loop == nullptr) {
    throw selectors::RuntimeError("Event loop is closed");
  }
  return *event_loop;
}

bool FutureState::cancel(std::string message) {
  check_thread("cancel");
  unretrieved_ = false;
  if (done()) return false;
  set_cancel_message(std::move(message));
  finish_cancelled();
  return true;
}

void FutureState::set_exception(std::exception_ptr exception) {
  check_pending("set_exception");
  if (exception == nullptr) {
    throw selectors::ValueError("set_exception: no exception");
  }
  finish_with(std::move(exception));
}

std::exception_ptr FutureState::exception() {
  if (cancelled()) throw CancelledError(cancel_message_);
  if (!done()) throw InvalidStateError("Exception is not set.");
  unretrieved_ = false;
  return exception_;
}

void FutureState::check_pending(const char* function) const {
  check_thread(function);
  if (kind_ == Kind::kTask) {
    throw selectors::RuntimeError(
        std::string("Task does not support the operation ") + function);
  }
  if (done()) {
    throw InvalidStateError(std::string(function) + ": the future is done");
  }
}

void FutureState::check_result() {
  if (phase_ == Phase::kFinished && !exception_) [[likely]]
    return;
  if (cancelled()) throw CancelledError(cancel_message_);
  if (!done()) throw InvalidStateError("Result is not ready.");
  unretrieved_ = false;
  std::rethrow_exception(exception_);
}

void FutureState::add_done_callback(DoneCallback& callback) {
  check_thread("add_done_callback");
  if (done()) {
    callback.on_done(*this);
  } else {
    callbacks_.push_back(callback);
  }
}

std::uint64_t FutureState::add_function(
    std::unique_ptr<FunctionCallback> callback) {
  check_thread("add_done_callback");
  callback->id = ++last_id_;
  add_done_callback(*callback);
  static_cast<void>(callback.release());  // It owns itself now.
  return last_id_;
}

std::size_t FutureState::remove_function(std::uint64_t id) {
  check_thread("remove_done_callback");
  DoneCallback* const added = callbacks_.find(
      [id](const DoneCallback& callback) { return callback.id == id; });
  if (added == nullptr) return 0;
  // Out of the list before it dies, as its destructor may do anything.
  added->unlink();
  delete added;
  return 1;
}

void FutureState::check_thread(const char* function) const {
  if (EventLoop* const event_loop = loop_.get()) {
    event_loop->check_thread(function);
  }
}

void FutureState::finish_with(std::exception_ptr exception) {
  exception_ = std::move(exception);
  unretrieved_ = true;
  finish(Phase::kFinished);
}

void FutureState::drop_callbacks() {
  while (!callbacks_.empty()) callbacks_.pop_front().on_gone();
}

// If there is no memory to tell the first who waits, nothing has changed. Where
// there are more, it has been made sure before that somebody tells the rest.
void FutureState::finish(Phase phase) {
  // If the loop is closed, callbacks die here, and may take the last handle
  // with them.
  const Reference self(this);
  Handle rest;
  const bool is_sure = callbacks_.has_several() || done();
  if (is_sure) rest = tell_rest_soon();
  phase_ = phase;
  try {
    tell_all();
  } catch (const std::bad_alloc&) {
    if (is_sure) return;
    if (kind_ == Kind::kTask) throw;  // It will not come to its end again.
    phase_ = Phase::kPending;
    exception_ = nullptr;
    unretrieved_ = false;
    throw;
  }
  if (is_sure) rest.cancel();
}

Handle FutureState::tell_rest_soon() {
  EventLoop* const event_loop = loop_.get();
  if (event_loop == nullptr || event_loop->is_closed()) return Handle();
  return event_loop->call_soon(
      [self = Reference(this)] {
        if (!self->callbacks_.empty()) self->finish(self->phase_);
      },
      where_);
}

void FutureState::tell_all() {
  while (!callbacks_.empty()) {
    DoneCallback& first = callbacks_.pop_front();
    try {
      first.on_done(*this);
    } catch (const std::bad_alloc&) {
      callbacks_.push_front(first);
      throw;
    }
  }
}

// A loop that is closed calls nobody any more.
void FunctionCallback::on_done(FutureState& future) {
  struct Call {
    void operator()() const { (*callback)(*future); }
    std::unique_ptr<FunctionCallback> callback;
    Reference<FutureState> future;
  };
  Call call{std::unique_ptr<FunctionCallback>(this), Reference(&future)};
  EventLoop* const event_loop = future.loop_reference().get();
  if (event_loop == nullptr || event_loop->is_closed()) return;
  try {
    event_loop->call_soon(std::move(call), future.where());
  } catch (const std::bad_alloc&) {
    static_cast<void>(call.callback.release());
    throw;
  }
}

}  // namespace loop
