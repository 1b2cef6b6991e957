#include "loop/callbacks/loop_state.h"

#include <string>

#include "loop/callbacks/errors.h"

namespace loop {

bool LoopState::is_running() const {
  return thread_.load() != std::thread::id() && !process_.is_left();
}

void LoopState::check_open() const {
  if (closed_) Mailbox::throw_closed();
}

void LoopState::check_home() const {
  if (!process_.is_left()) return;
  throw RuntimeError(
      "This event loop is the parent process's: after fork(), call "
      "after_fork_in_child() first, or make another loop");
}

void LoopState::check_usable_now(const char* function) const {
  check_open();
  check_thread(function);
  if (rests_) mailbox_->wake_watcher();
}

void LoopState::check_thread_now(const char* function) const {
  if (!is_running() || runs_here()) return;
  throw RuntimeError(
      std::string("Non-thread-safe operation invoked on an event loop other "
                  "than the current one: ") +
      function + "; use call_soon_threadsafe");
}

}  // namespace loop
