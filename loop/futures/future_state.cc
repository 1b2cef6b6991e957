#include "loop/futures/future_state.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/futures/errors.h"
#include "selectors/errors.h"

namespace loop {

FutureState::~FutureState() {
  if (!unretrieved_) return;
  const ExceptionContext context{"Future exception was never retrieved",
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
  cancel_message_ = std::move(message);
  finish(Phase::kCancelled);
  return true;
}

void FutureState::set_exception(std::exception_ptr exception) {
  check_pending("set_exception");
  if (exception == nullptr) {
    throw selectors::ValueError("set_exception: no exception");
  }
  exception_ = std::move(exception);
  unretrieved_ = true;
  finish(Phase::kFinished);
}

std::exception_ptr FutureState::exception() {
  if (cancelled()) throw CancelledError(cancel_message_);
  if (!done()) throw InvalidStateError("Exception is not set.");
  unretrieved_ = false;
  return exception_;
}

void FutureState::check_pending(const char* function) const {
  check_thread(function);
  if (done()) {
    throw InvalidStateError(std::string(function) + ": the future is done");
  }
}

void FutureState::check_result() {
  if (cancelled()) throw CancelledError(cancel_message_);
  if (!done()) throw InvalidStateError("Result is not ready.");
  unretrieved_ = false;
  if (exception_) std::rethrow_exception(exception_);
}

std::uint64_t FutureState::add_done_callback(
    std::unique_ptr<DoneCallback> callback) {
  check_thread("add_done_callback");
  callback->id = ++last_id_;
  if (done()) {
    schedule(std::move(callback));
  } else {
    callbacks_.push_back(std::move(callback));
  }
  return last_id_;
}

std::size_t FutureState::remove_done_callback(std::uint64_t id) {
  check_thread("remove_done_callback");
  const auto found =
      std::find_if(callbacks_.begin(), callbacks_.end(),
                   [id](const auto& callback) { return callback->id == id; });
  if (found == callbacks_.end()) return 0;
  // It leaves the list before it dies, as its destructor may do anything.
  const auto dying = std::move(*found);
  callbacks_.erase(found);
  return 1;
}

void FutureState::check_thread(const char* function) const {
  if (EventLoop* const event_loop = loop_.get()) {
    event_loop->check_thread(function);
  }
}

void FutureState::finish(Phase phase) {
  // If the loop is closed, callbacks die here, and may take the last handle
  // with them.
  const Reference self(this);
  phase_ = phase;
  for (auto& callback : std::exchange(callbacks_, {})) {
    schedule(std::move(callback));
  }
}

// A loop that is closed calls nobody any more.
void FutureState::schedule(std::unique_ptr<DoneCallback> callback) {
  EventLoop* const event_loop = loop_.get();
  if (event_loop == nullptr || event_loop->is_closed()) return;
  event_loop->call_soon([callback = std::move(callback),
                         self = Reference(this)] { (*callback)(*self); },
                        where_);
}

}  // namespace loop
