#include "loop/locks/wait_queue.h"

#include <string>

#include "loop/callbacks/event_loop.h"
#include "selectors/errors.h"

namespace loop {

void BoundLoop::bind_first(const TaskCore& task) {
  if (loop_ != nullptr) {
    throw selectors::RuntimeError(task.get_name() +
                                  " waits for what is bound to a different "
                                  "event loop");
  }
  loop_ = &task.loop();
}

// ---- Waiter ----

void throw_destroyed(const TaskCore& task) {
  throw selectors::RuntimeError(task.get_name() +
                                " waited for what has been destroyed");
}

void Waiter::start(Frame& frame, WaitQueue& queue, BoundLoop& loop) {
  TaskCore& task = TaskCore::of(frame);
  loop.bind(task);
  task_ = &task;
  state_ = State::kWaiting;
  queue.waiting_.push_back(*this);
  task.block_on(*this);
}

// A waiter that was already woken keeps its wake-up; end() then reports the
// cancellation.
bool Waiter::cancel(const std::string& message) {
  if (state_ != State::kWaiting) return false;
  task_->wake_up_cancelled(message);
  state_ = State::kCancelled;
  unlink();
  return true;
}

bool Waiter::end() {
  unlink();
  const bool cancelled_since = task_->take_cancellation();
  if (state_ == State::kCancelled) throw_cancelled();
  if (state_ == State::kAbandoned) {
    if (cancelled_since) throw_cancelled();
    throw_destroyed(*task_);
  }
  return !cancelled_since;
}

// ---- WaitQueue ----

void WaitQueue::wake(Waiter& waiter) {
  waiter.schedule();
  waiter.state_ = Waiter::State::kWoken;
  waiter.unlink();
  woken_.push_back(waiter);
}

WaitQueue::~WaitQueue() {
  while (!woken_.empty()) {
    woken_.pop_front().state_ = Waiter::State::kAbandoned;
  }
  while (!waiting_.empty()) {
    Waiter& waiter = waiting_.pop_front();
    waiter.state_ = Waiter::State::kAbandoned;
    waiter.task_->wake_up();
  }
}

// ---- RepeatedWaiter ----

void RepeatedWaiter::end_or_pass_on() {
  if (end()) return;
  if (is_ready()) queue().wake_first();
  throw_cancelled();
}

void RepeatedWaiter::schedule() {
  EventLoop& loop = task_->loop();
  if (loop.is_closed()) return;
  loop.call_soon([this] { take_turn(); }, task_->innermost()->where());
}

void RepeatedWaiter::take_turn() {
  if (state_ == State::kAbandoned || is_ready() ||
      task_->is_to_be_cancelled()) {
    return task_->step();
  }
  unlink();
  state_ = State::kWaiting;
  queue().waiting_.push_back(*this);
  task_->block_on(*this);
}

}  // namespace loop
