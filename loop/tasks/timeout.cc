#include "loop/tasks/timeout.h"

#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "selectors/errors.h"

namespace loop {

using selectors::RuntimeError;

Timeout timeout(selectors::WaitLimit delay, SourceLocation where) {
  EventLoop& event_loop = get_running_loop();
  if (delay.waits_forever()) return Timeout(std::nullopt, where);
  return Timeout(later(event_loop.time(), delay.value()), where);
}

Timeout timeout_at(std::optional<TimePoint> when, SourceLocation where) {
  return Timeout(when, where);
}

void Timeout::reschedule(std::optional<TimePoint> when) {
  switch (state_) {
    case State::kEntered:
      break;
    case State::kCreated:
      throw RuntimeError("Timeout has not been entered");
    case State::kExpiring:
      throw RuntimeError("Cannot change state of expiring Timeout");
    case State::kExpired:
      throw RuntimeError("Cannot change state of expired Timeout");
    case State::kFinished:
      throw RuntimeError("Cannot change state of finished Timeout");
  }
  when_ = when;
  if (when && *when > task_->loop().time() && timer_.reschedule(*when)) return;
  unschedule();
  schedule();
}

void Timeout::enter() {
  if (state_ != State::kCreated) {
    throw RuntimeError("Timeout has already been entered");
  }
  task_ = &TaskCore::running();
  cancelling_ = task_->cancelling();
  schedule();
  state_ = State::kEntered;
}

// A deadline in the past uses call_soon(): a timer would run after the
// callbacks that the body is about to schedule.
void Timeout::schedule() {
  if (!when_) return;
  EventLoop& event_loop = task_->loop();
  if (*when_ <= event_loop.time()) {
    soon_ = event_loop.call_soon([this] { on_timeout(); }, where_);
  } else {
    timer_ = event_loop.call_at(
        *when_, [this] { on_timeout(); }, where_);
  }
}

void Timeout::unschedule() {
  std::exchange(soon_, Handle()).cancel();
  std::exchange(timer_, TimerHandle()).cancel();
}

void Timeout::on_timeout() {
  task_->cancel("");
  state_ = State::kExpiring;  // After cancel(): leave() takes that back.
}

// If there was another request to cancel the task since enter(), the
// CancelledError must not become a TimeoutError.
void Timeout::leave() {
  unschedule();
  if (state_ == State::kExpiring) {
    state_ = State::kExpired;
    owns_cancellation_ = task_->uncancel() <= cancelling_;
  } else {
    state_ = State::kFinished;
  }
  task_ = nullptr;
}

}  // namespace loop
