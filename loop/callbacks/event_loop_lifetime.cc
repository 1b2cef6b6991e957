// How an EventLoop begins, is taken over by a child of fork(), and ends.

#include <chrono>
#include <cstdlib>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/log_line.h"
#include "selectors/default_selector.h"
#include "selectors/errors.h"

namespace loop {

using selectors::ReadyKey;

EventLoop::EventLoop(std::unique_ptr<selectors::BaseSelector> selector,
                     Clock clock)
    : selector_(selector ? std::move(selector)
                         : selectors::make_default_selector()),
      clock_(std::move(clock)),
      fds_(*selector_, pool_),
      mailbox_(&Mailbox::acquire(*this)),
      self_(*mailbox_, mailbox_->generation()),
      signals_(*mailbox_, pool_) {
  try {
    watch_mailbox();
  } catch (...) {
    mailbox_->release();
    throw;
  }
  is_guest_ = selector_->may_be_watched();
  if (is_guest_) rest();
}

EventLoop::~EventLoop() {
  if (is_running()) {
    log_line("an event loop was destroyed by a callback that it was running");
    std::abort();
  }
  close_it();
}

void EventLoop::close() {
  if (is_running()) throw RuntimeError("Cannot close a running event loop");
  close_it();
}

void EventLoop::close_it() noexcept {
  if (closed_) return;
  closed_ = needs_checks_ = true;
  extensions_.destroy_all();
  destroy_all();
  mailbox_->release();
  selector_->close();
}

// What dies here may cancel and remove the others, but schedules no more.
void EventLoop::destroy_all() {
  const auto report = [this](const SourceLocation& where) {
    reports_.never_ran(where);
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
  // Twice if what is being run is destroyed in a child of fork().
  while (!ready_.empty()) ready_.run_batch(destroy_ready);
  timers_.pop_due(std::chrono::nanoseconds::max(),
                  [&](Scheduled&& scheduled) { destroy(scheduled); });
  fds_.remove_all(report);
  signals_.remove_all(report);
  // Last, as destructors may have posted. What is posted from now on is
  // destroyed with the mailbox.
  mailbox_->take_posts();
  while (mailbox_->has_taken_posts()) destroy_batch();
}

void EventLoop::after_fork_in_child() {
  if (closed_) throw RuntimeError("Event loop is closed");
  if (RunningLoop::get() != this) RunningLoop::check_none();
  selector_->after_fork_in_child();
  // Not before: until then this would change what the parent watches. Gone
  // already, if this is called again because the rest of it failed.
  const int channel = mailbox_->channel().reader;
  if (selector_->get_map()->contains(channel)) selector_->unregister(channel);
  mailbox_->renew_channel();
  watch_mailbox();
  process_.move_here();
  const bool is_running_here = thread_.load() == std::this_thread::get_id();
  if (is_running_here) {
    RunningLoop::set(this);
  } else {
    thread_ = std::thread::id();  // That thread does not exist here.
  }
  extensions_.after_fork_in_child();
  if (rests_) rest();  // What was written to the old channel is the parent's.
}

// With EVENT_EDGE only what is written anew is reported, so that the channel
// need never be read, if it is one that is never full. Else somebody has to.
void EventLoop::watch_mailbox() {
  const WakeChannel& channel = mailbox_->channel();
  fds_.forget(channel.reader);  // If it was somebody else's number before.
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
