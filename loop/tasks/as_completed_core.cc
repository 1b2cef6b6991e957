#include "loop/tasks/as_completed_core.h"

#include <functional>

#include "loop/coroutines/future_awaiter.h"
#include "loop/futures/errors.h"

namespace loop {

// The future that a task in get() awaits.
class AsCompletedCore::Waiting final : public FutureState<void> {
 public:
  explicit Waiting(AsCompletedCore& core)
      : FutureState(core.loop_, core.where_), core_(core) {}

  void for_each_awaited(const std::function<void(FutureCore&)>& f) override {
    if (done()) return;
    for (const Entry& entry : core_.entries_) {
      if (entry.future != nullptr) f(*entry.future);
    }
  }

 private:
  AsCompletedCore& core_;
};

// A task in get(): waits in the list from its construction on.
struct AsCompletedCore::Waiter : ListLink {
  explicit Waiter(AsCompletedCore& core)
      : future(Reference<FutureState<void>>(new Waiting(core))) {
    core.waiters_.push_back(*this);
  }
  const Future<void> future;
};

AsCompletedCore::AsCompletedCore(EventLoop& event_loop, std::size_t size,
                                 SourceLocation where)
    : loop_(event_loop), where_(where), entries_(size), left_(size) {
  done_.reserve(size);
}

void AsCompletedCore::watch(FutureCore& future) {
  Entry& entry = entries_[watched_++];
  entry.core = this;
  entry.future = &future;
  future.add_done_callback(entry);
}

void AsCompletedCore::start_timer(selectors::WaitLimit timeout) {
  if (done_.size() == entries_.size() || timeout.waits_forever()) return;
  timer_ = loop_.call_later(
      timeout.value(), [this] { time_out(); }, where_);
}

void AsCompletedCore::add(FutureCore& future) {
  done_.push_back(&future);
  wake_next();
}

void AsCompletedCore::time_out() {
  has_timed_out_ = true;
  entries_.clear();
  while (!waiters_.empty()) wake_next();
}

// Wakes the first waiter that is pending; those before it were cancelled.
void AsCompletedCore::wake_next() {
  while (!waiters_.empty()) {
    const Waiter& waiter = waiters_.pop_front();
    if (!waiter.future.done()) return waiter.future.set_result();
  }
}

Coroutine<FutureCore*> AsCompletedCore::get() {
  while (taken_ == done_.size()) {
    if (has_timed_out_) throw TimeoutError();
    const Waiter waiter(*this);
    try {
      co_await waiter.future;
    } catch (const CancelledError&) {
      // The waiter was woken first and cancelled then: wakes the next one.
      if (!waiter.future.cancelled() && taken_ < done_.size()) wake_next();
      throw;
    }
  }
  co_return done_[taken_++];
}

}  // namespace loop
