// The functions of `EventLoop` as the guest of another loop, the host.

#include <algorithm>
#include <chrono>
#include <optional>

#include "loop/callbacks/event_loop.h"

namespace loop {

using selectors::WaitLimit;

int EventLoop::fileno() {
  check_open();
  check_home();
  const int fd = selector_->fileno();
  if (is_guest_) return fd;
  is_guest_ = true;
  if (!is_running()) rest();
  return fd;
}

WaitLimit EventLoop::prepare() {
  check_open();
  if (is_running()) throw RuntimeError("This event loop is already running");
  check_home();
  if (fds_.has_changed()) tell_selector();
  if (fds_.has_unwanted()) fds_.forget_unwanted();
  if (has_work() || mailbox_->has_mail()) {
    return std::chrono::nanoseconds::zero();
  }
  if (timers_.empty()) return std::nullopt;
  const TimePoint when{*timers_.next_deadline()};
  if (when == TimePoint::max()) return std::nullopt;
  return std::max(until(when, time()), std::chrono::nanoseconds::zero());
}

// Begins the time between two iterations of a guest. The host may block at any
// time, so the loop counts as asleep. Remaining work makes the loop's
// descriptor readable.
void EventLoop::rest() noexcept {
  rests_ = true;
  update_needs_checks();
  if (process_.is_left()) return;  // The host is the parent's, too.
  bool has_told = true;
  try {
    if (fds_.has_changed()) tell_selector();
  } catch (...) {  // Out of memory: the next iteration repeats the call.
    has_told = false;
  }
  if (!mailbox_->fall_asleep() || has_work() || !has_told) {
    mailbox_->wake_watcher();
  }
}

// Ends the time between two iterations of a guest.
void EventLoop::end_rest() {
  rests_ = false;
  update_needs_checks();
  mailbox_->wake_up();
}

}  // namespace loop
