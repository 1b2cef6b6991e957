// The construction of an EventLoop, its end, and its takeover by a child of
// fork().

#include <chrono>
#include <cstdlib>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/log_line.h"
#include "loop/callbacks/running_loop.h"
#include "selectors/default_selector.h"
#include "selectors/errors.h"

namespace loop {

using selectors::ReadyKey;

EventLoop::EventLoop(std::unique_ptr<selectors::BaseSelector> selector,
                     Clock clock)
    : LoopDescriptors(*this, selector ? std::move(selector)
                                      : selectors::make_default_selector()),
      clock_(std::move(clock)),
      signals_(*mailbox_, pool_) {
  watch_mailbox();
  is_guest_ = selector_->may_be_watched();
  if (is_guest_) rest();
}

EventLoop::~EventLoop() {
  if (is_running()) {
    log_line("an event loop was destroyed by a callback that it was running");
    std::abort();
  }
  close_it();
  destroy_handler();  // While the other members still exist.
}

void EventLoop::close() {
  if (is_running()) throw RuntimeError("Cannot close a running event loop");
  close_it();
}

void EventLoop::close_it() noexcept {
  if (closed_) return;
  closed_ = true;
  update_needs_checks();
  extensions_.destroy_all();
  destroy_all();
  mailbox_->release();
  // A child of fork() may close the loop in a callback, and return from the
  // callback: the iteration is still reading the result of select().
  if (!runs_here()) selector_->close();
}

// Destroys all callbacks. Destructors that run here may cancel and remove other
// callbacks but cannot schedule new ones.
void EventLoop::destroy_all() {
  const auto report = [this](const SourceLocation& where) {
    report_never_ran(where);
  };
  const auto destroy = [&](Scheduled& scheduled) {
    report(scheduled.where);
    [[maybe_unused]] const Callback dying = std::move(scheduled.callback);
  };
  const auto destroy_batch = [&] { mailbox_->for_each_of_batch(destroy); };
  const auto destroy_ready = [&](Scheduled& scheduled) {
    if (!scheduled.callback.holds<RunPosts>()) return destroy(scheduled);
    scheduled.callback.reset();
    destroy_batch();
  };
  ready_.for_each(destroy_ready);
  timers_.pop_due(std::chrono::nanoseconds::max(),
                  [&](Scheduled&& scheduled) { destroy(scheduled); });
  fds_.remove_all(report);
  signals_.remove_all(report);
  // Last, as destructors may have posted. Mailbox::release() destroys later
  // posts.
  mailbox_->take_posts();
  while (mailbox_->has_taken_posts()) destroy_batch();
}

void EventLoop::after_fork_in_child() {
  check_open();
  if (RunningLoop::get() != this) RunningLoop::check_none();
  selector_->after_fork_in_child();
  // Not earlier, as that would change the parent's selector. The channel is
  // unregistered already if an earlier call failed after this line.
  const int channel = mailbox_->channel().reader;
  if (selector_->get_map()->contains(channel)) selector_->unregister(channel);
  mailbox_->renew_channel();
  watch_mailbox();
  process_.move_here();
  const bool is_running_here = runs_here();
  if (is_running_here) {
    RunningLoop::exchange(this);
  } else {
    thread_ = std::thread::id();  // The old thread does not exist here.
    fds_.set_running(false);
  }
  extensions_.after_fork_in_child();
  if (rests_) rest();  // Wake-ups in the old channel belong to the parent.
}

// Registers the channel with the selector. EVENT_EDGE reports only new writes,
// so that an eventfd, which never becomes full, need not be read. Any other
// channel, or a selector without EVENT_EDGE, requires drain_channel().
void EventLoop::watch_mailbox() {
  const WakeChannel& channel = mailbox_->channel();
  fds_.forget(channel.reader);  // Its number may have been another's before.
  drains_channel_ = !channel.is_eventfd();
  if (!drains_channel_) {
    try {
      selector_->register_(channel.reader,
                           selectors::EVENT_READ | selectors::EVENT_EDGE);
      return;
    } catch (const selectors::ValueError&) {
      drains_channel_ = true;  // A selector that does not know EVENT_EDGE.
    }
  }
  selector_->register_(channel.reader, selectors::EVENT_READ);
}

void EventLoop::drain_channel(std::span<const ReadyKey> ready_fds) const {
  const WakeChannel& channel = mailbox_->channel();
  for (const auto& [key, events] : ready_fds) {
    if (key.fd == channel.reader) channel.drain();
  }
}

}  // namespace loop
