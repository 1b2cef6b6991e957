#include "loop/callbacks/handle.h"

#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/mailbox.h"
#include "selectors/errors.h"

namespace loop {

EventLoop* LoopReference::get() const {
  if (mailbox_ == nullptr || mailbox_->generation() != generation_) {
    return nullptr;
  }
  return &mailbox_->loop();
}

EventLoop& LoopReference::get_open() const {
  if (EventLoop* const loop = get()) return *loop;
  Mailbox::throw_closed();
}

void LoopReference::call_soon_threadsafe(Callback callback,
                                         SourceLocation where) const {
  if (mailbox_ == nullptr) throw selectors::RuntimeError("no event loop");
  mailbox_->post(generation_, std::move(callback), where);
}

void Handle::cancel() {
  if (kind_ == Kind::kPosted) {
    cancel_posted();
  } else if (EventLoop* const loop = loop_.get()) {
    loop->check_thread("Handle.cancel");
    loop->ready_.cancel(number_);
  }
  __atomic_store_n(&cancelled_, true, __ATOMIC_RELAXED);
}

// While the loop runs, only its thread destroys closures, which may share
// objects with the loop. Its thread reads taken posts without a lock, so no
// other thread destroys these.
void Handle::cancel_posted() const {
  loop_.mailbox_->cancel_post(
      loop_.generation_, number_, [](const EventLoop& loop, bool taken) {
        return loop.runs_here() || (!taken && !loop.is_running());
      });
}

void TimerHandle::cancel() {
  EventLoop* const loop = loop_.get();
  if (loop != nullptr) loop->check_thread("TimerHandle.cancel");
  const timers::TimerId id = std::exchange(id_, kCancelled);
  if (loop != nullptr) loop->timers_.cancel(id);
}

bool TimerHandle::reschedule(TimePoint when) {
  EventLoop* const loop = loop_.get();
  if (loop == nullptr) return false;
  loop->check_thread("TimerHandle.reschedule");
  if (!loop->timers_.reschedule(id_, when.time_since_epoch())) return false;
  when_ = when;
  return true;
}

}  // namespace loop
