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

void LoopReference::call_soon_threadsafe(Callback callback,
                                         SourceLocation where) const {
  if (mailbox_ == nullptr) throw selectors::RuntimeError("no event loop");
  mailbox_->post(generation_, Scheduled(std::move(callback), where));
}

void Handle::cancel() {
  if (EventLoop* const loop = loop_.get()) {
    if (kind_ == Kind::kSoon) {
      loop->cancel_soon(number_);
    } else {
      loop->cancel_posted(number_);
    }
  }
  cancelled_ = true;
}

void TimerHandle::cancel() {
  if (EventLoop* const loop = loop_.get()) loop->cancel_timer(id_);
  cancelled_ = 1;
}

}  // namespace loop
