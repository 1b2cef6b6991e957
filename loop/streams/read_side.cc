#include "loop/streams/read_side.h"

#include <exception>
#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/fd_handlers.h"
#include "selectors/errors.h"

namespace loop {

void ReadSide::ready() {
  if (is_idle_) return leave_loop(/*keep=*/false);
  try {
    if (!reader_->attempt()) return;
    reader_ = nullptr;  // It is done: end() must not report an outcome.
  } catch (...) {
    error_ = std::current_exception();
  }
  is_idle_ = true;
  task_->step();
}

bool ReadSide::cancel(const std::string& message) {
  if (!is_suspending()) return false;
  task_->wake_up_cancelled(message);
  is_idle_ = true;
  return true;
}

void ReadSide::wake_up() {
  if (!is_suspending()) return;
  task_->wake_up();
  is_idle_ = true;
}

void ReadSide::join_loop(EventLoop& event_loop, const Frame& frame) {
  leave_loop(/*keep=*/true);
  loop_ = &event_loop;
  descriptor_.note_wait(event_loop.reference());
  event_loop.wait(descriptor_.fileno(), FdHandlers::kReader, *this,
                  frame.where());
}

void ReadSide::leave_loop(bool keep) {
  EventLoop* const event_loop = is_waiting() ? descriptor_.loop() : nullptr;
  if (event_loop == nullptr) return;
  event_loop->end_wait(descriptor_.fileno(), FdHandlers::kReader, keep);
}

void ReadSide::throw_taken(const char* function) {
  throw selectors::RuntimeError(
      std::string(function) +
      "() called while another coroutine is already waiting "
      "for incoming data");
}

void ReadSide::throw_outcome(bool is_cancelled) {
  const std::exception_ptr error = std::exchange(error_, nullptr);
  if (is_cancelled) task_->throw_cancelled();
  std::rethrow_exception(error);
}

}  // namespace loop
