#include "loop/tasks/wait.h"

namespace loop {

void WaitState::watch(FutureCore& future) {
  check_loop(get_loop(), future);
  Other& other = others_[watched_++];
  other.wait = this;
  other.future = &future;
  future.add_done_callback(other);
}

void WaitState::start_timer(selectors::WaitLimit timeout) {
  if (done() || timeout.waits_forever()) return;
  timer_ = get_loop().call_later(
      timeout.value(), [this] { wake_up(); }, where());
}

void WaitState::other_is_done(const Other& other) {
  --left_;
  const bool is_enough =
      left_ == 0 || return_when_ == FIRST_COMPLETED ||
      (return_when_ == FIRST_EXCEPTION && !other.future->cancelled() &&
       other.future->exception() != nullptr);
  if (is_enough) wake_up();
}

void WaitState::wake_up() {
  if (done()) return;
  result.emplace();
  set_finished();
}

void WaitState::for_each_awaited(const std::function<void(FutureCore&)>& f) {
  for (const Other& other : others_) {
    if (!done() && other.future != nullptr && !other.future->done())
      f(*other.future);
  }
}

}  // namespace loop
