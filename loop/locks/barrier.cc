#include "loop/locks/barrier.h"

namespace loop {

Barrier::Barrier(int parties) : parties_(parties) {
  if (parties < 1) throw selectors::ValueError("parties must be >= 1");
}

Barrier::~Barrier() {
  while (!parties_waiting_.empty()) parties_waiting_.pop_front();
}

// leave() is not called by a destructor, which would also run when the loop
// closes: the barrier may not exist then.
Coroutine<int> Barrier::wait() {
  const auto guard = co_await condition_.scoped();
  co_await block();
  Party self;
  parties_waiting_.push_back(self);
  if (++count_ == parties_) {
    release();
  } else {
    const LifetimeObserver waiting(lifetime_);
    const auto is_over = [this] { return state_ != State::kFilling; };
    try {
      co_await condition_.wait_for(is_over);
    } catch (...) {
      if (waiting.object_exists()) leave();
      throw;
    }
  }
  const bool released = state_ == State::kDraining;
  leave();
  if (!released) throw BrokenBarrierError("Abort or reset of barrier");
  co_return self.index;
}

// Tasks that were cancelled after their arrival have left the list.
void Barrier::release() {
  int index = 0;
  while (!parties_waiting_.empty()) {
    parties_waiting_.pop_front().index = index++;
  }
  state_ = State::kDraining;
  condition_.notify_all();
}

// Waits until all tasks of the previous round have left.
Coroutine<> Barrier::block() {
  const auto can_enter = [this] { return !is_emptying(); };
  co_await condition_.wait_for(can_enter);
  if (broken()) throw BrokenBarrierError("Barrier aborted");
}

// The last task to leave admits the tasks that wait in block().
void Barrier::leave() {
  if (--count_ > 0) return;
  if (is_emptying()) state_ = State::kFilling;
  condition_.notify_all();
}

Coroutine<> Barrier::reset() {
  const auto guard = co_await condition_.scoped();
  state_ = count_ > 0 ? State::kResetting : State::kFilling;
  condition_.notify_all();
}

Coroutine<> Barrier::abort() {
  const auto guard = co_await condition_.scoped();
  state_ = State::kBroken;
  condition_.notify_all();
}

}  // namespace loop
