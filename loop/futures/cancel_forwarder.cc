#include "loop/futures/cancel_forwarder.h"

#include <atomic>
#include <utility>

#include "loop/futures/future_core.h"

namespace loop {

constinit thread_local std::uint64_t CancelForwarder::current_round_ = 0;
constinit thread_local int CancelForwarder::revisits_left_ = 0;

// The path from the cancelled future down to the future that is visited. Keeps
// all of them alive.
class CancelForwarder::Path {
 public:
  Path() = default;
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;
  ~Path() {
    while (!empty()) leave();
  }

  bool empty() const { return last_ == nullptr; }
  CancelForwarder& last() const { return *last_; }

  void enter(CancelForwarder& next) {
    next.forwarding_future().retain();
    next.is_revisited_ = next.is_visited();
    next.is_forwarded_ = false;
    next.is_on_path_ = true;
    next.next_index_ = 0;
    next.previous_ = std::exchange(last_, &next);
  }
  void leave() {
    CancelForwarder& left = *std::exchange(last_, last_->previous_);
    left.is_on_path_ = false;
    left.forwarding_future().release();
  }

  // Wakes the last task, as all tasks of the cycle wait for one another.
  void close_cycle(const std::string& message) {
    CancelForwarder* forwarder = last_;
    while (!forwarder->wake_in_cycle(message)) forwarder = forwarder->previous_;
    last_->set_forwarded();
  }

 private:
  CancelForwarder* last_ = nullptr;
};

bool CancelForwarder::forward_cancel(const std::string& message) {
  if (current_round_ == 0) forget_visits();
  revisits_left_ = kMaxRevisits;
  Path path;
  path.enter(*this);
  for (;;) {
    CancelForwarder& last = path.last();
    CancelForwarder* const next = last.next_to_cancel(message);
    if (next == nullptr) {
      if (&last == this) return is_forwarded_;
      const bool is_cancelled = last.finish_visit(message);
      path.leave();
      if (is_cancelled) path.last().set_forwarded();
    } else if (next->is_on_path_) {
      path.close_cycle(message);
    } else if (next->is_visited() && revisits_left_-- <= 0) {
      if (next->note_cancel(message)) last.set_forwarded();
    } else {
      path.enter(*next);
    }
  }
}

// Rounds have distinct numbers across threads, as a loop may continue in
// another thread.
void CancelForwarder::forget_visits() {
  static constinit std::atomic<std::uint64_t> last_round = 0;
  current_round_ = ++last_round;
}

bool CancelForwarder::finish_visit(const std::string& message) {
  const bool is_cancelled = note_cancel(message);
  round_ = current_round_;
  return is_cancelled;
}

}  // namespace loop
