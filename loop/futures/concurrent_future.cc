#include "loop/futures/concurrent_future.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/time_point.h"
#include "loop/futures/errors.h"
#include "selectors/errors.h"

namespace loop {

bool ConcurrentFutureState::is_done() const {
  return phase_ == Phase::kCancelled || phase_ == Phase::kFinished;
}

bool ConcurrentFutureState::cancelled() const {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::kCancelled;
}

bool ConcurrentFutureState::running() const {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::kRunning;
}

bool ConcurrentFutureState::done() const {
  const std::lock_guard lock(mutex_);
  return is_done();
}

bool ConcurrentFutureState::cancel(std::string message) {
  std::unique_lock lock(mutex_);
  if (phase_ == Phase::kCancelled) return true;
  if (phase_ != Phase::kPending || has_giver_) return false;
  cancel_message_ = std::move(message);
  finish(std::move(lock), Phase::kCancelled);
  return true;
}

bool ConcurrentFutureState::set_running_or_notify_cancel() {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kCancelled) return false;
  if (phase_ != Phase::kPending || has_giver_) {
    throw InvalidStateError(
        "set_running_or_notify_cancel: the future is running or done");
  }
  phase_ = Phase::kRunning;
  return true;
}

bool ConcurrentFutureState::begin_result(const char* function) {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kCancelled) return false;
  if (phase_ == Phase::kFinished || has_giver_) {
    throw InvalidStateError(std::string(function) + ": the future is done");
  }
  has_giver_ = true;
  return true;
}

void ConcurrentFutureState::abandon_result() {
  const std::lock_guard lock(mutex_);
  has_giver_ = false;
}

void ConcurrentFutureState::finish_result() {
  finish(std::unique_lock(mutex_), Phase::kFinished);
}

bool ConcurrentFutureState::set_exception(std::exception_ptr exception) {
  if (exception == nullptr) {
    throw selectors::ValueError("set_exception: no exception");
  }
  if (!begin_result("set_exception")) return false;
  exception_ = std::move(exception);
  finish_result();
  return true;
}

void ConcurrentFutureState::check_result(const selectors::WaitLimit& timeout,
                                         Use use) {
  if (const auto error = exception(timeout)) std::rethrow_exception(error);
  const std::lock_guard lock(mutex_);
  if (is_taken_) throw InvalidStateError("The result was taken out.");
  is_taken_ = use == Use::kTake;
}

std::exception_ptr ConcurrentFutureState::exception(
    const selectors::WaitLimit& timeout) {
  wait(timeout);
  // No lock: a future that is done does not change any more.
  if (phase_ == Phase::kCancelled) throw CancelledError(cancel_message_);
  return exception_;
}

void ConcurrentFutureState::wait(const selectors::WaitLimit& timeout) {
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return is_done(); };
  if (timeout.waits_forever()) {
    changed_.wait(lock, is_over);
  } else if (!changed_.wait_for(lock, std::min(timeout.value(), kLongestWait),
                                is_over)) {
    throw TimeoutError();
  }
}

void ConcurrentFutureState::add_done_callback(Callback callback) {
  callback.pin();
  {
    const std::lock_guard lock(mutex_);
    if (!is_done()) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  call(std::move(callback));
}

// A callback may drop all handles except the caller's, hence `self`.
void ConcurrentFutureState::finish(std::unique_lock<std::mutex> lock,
                                   Phase phase) {
  const auto self = shared_from_this();
  phase_ = phase;
  auto callbacks = std::exchange(callbacks_, {});
  changed_.notify_all();
  lock.unlock();
  for (Callback& callback : callbacks) call(std::move(callback));
}

void ConcurrentFutureState::call(Callback callback) noexcept try {
  callback.call_once();
} catch (...) {
  EventLoop::report_without_loop(
      "Exception in a done callback of a ConcurrentFuture");
}

}  // namespace loop
