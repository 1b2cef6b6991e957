#include "loop/callbacks/handle.h"

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/mailbox.h"

namespace loop {

EventLoop* LoopReference::get() const {
  if (mailbox_ == nullptr || mailbox_->generation() != generation_) {
    return nullptr;
  }
  return &mailbox_->loop();
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
  cancelled_ = true;
}

}  // namespace loop
