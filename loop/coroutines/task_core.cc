#include "loop/coroutines/task_core.h"

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/finally.h"
#include "loop/callbacks/log_line.h"
#include "loop/coroutines/task_registry.h"
#include "loop/futures/errors.h"
#include "selectors/errors.h"

namespace loop {

namespace {

[[maybe_unused]] const bool leaves_parent =
    CurrentInThread<TaskCore>::leave_parent_at_fork();

}  // namespace

TaskCore& TaskCore::running() {
  if (current() == nullptr) throw selectors::RuntimeError("no running task");
  return *current();
}

void TaskCore::resume_in_child(const EventLoop& event_loop) {
  TaskCore* const task = Current::forked();
  Current::forget_forked();
  if (task == nullptr || &task->loop_ != &event_loop) return;
  if (task->blocker_ == nullptr) Current::exchange(task);
}

bool TaskCore::is_in_forked_step() const {
  return Current::forked() == this && blocker_ == nullptr;
}

TaskCore::TaskCore(FutureCore& future, EventLoop& event_loop, OwnedFrame first,
                   std::string_view name)
    : future_(future),
      loop_(event_loop),
      registry_(event_loop.extension<TaskRegistry>()),
      first_(std::move(first)),
      number_(registry_.next_number()) {
  if (!name.empty()) set_name(name);  // Seldom.
  push_first(first_);
}

std::string TaskCore::get_name() const {
  return name_ ? *name_ : "Task-" + std::to_string(number_);
}

void TaskCore::set_name(std::string_view name) {
  name_ = name.empty() ? nullptr : std::make_unique<std::string>(name);
}

// ---- Steps ----

void TaskCore::start_soon() {
  wake_up();
  registry_.add(*this);
}

void TaskCore::start_now() {
  registry_.add(*this);
  step();
}

// The callback can refer to `this`, since the loop owns the task until the task
// is done.
void TaskCore::wake_up() {
  if (loop_.is_closed()) return;
  loop_.call_soon([this] { step(); }, innermost()->where());
}

void TaskCore::wake_up_cancelled(const std::string& message) {
  future_.set_cancel_message(message);
  wake_up();
  // Set last: if an exception left the lines above, the task can be cancelled
  // again.
  wait_cancelled_ = is_asked_ = true;
}

// Makes the task current while it exists. Steps can nest, as one may start
// another task that begins at once.
class TaskCore::Step {
 public:
  explicit Step(TaskCore& task) : outer_(Current::exchange(&task)) {}
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  ~Step() { Current::exchange(outer_); }

 private:
  TaskCore* const outer_;
};

void TaskCore::step() {
  blocker_ = nullptr;
  if (is_asked_) [[unlikely]] {
    begin_cancelled_step();
    if (cancel_now_ && !has_started_) return finish_unstarted();
  }
  has_started_ = true;
  {
    const Step step(*this);
    run();
  }
  if (innermost() == nullptr) finish();
}

void TaskCore::begin_cancelled_step() {
  forget_visits();
  cancel_now_ = must_cancel_ || wait_cancelled_;  // Reset by the awaiter.
  is_asked_ = must_cancel_ = wait_cancelled_ = false;
}

// Takes the task out of the registry, which may hold the last reference.
void TaskCore::leave() {
  if (Current::forked() == this) Current::forget_forked();
  TaskRegistry::remove(*this);
}

void TaskCore::finish() {
  const Finally left([this] { leave(); });
  const Step step(*this);  // It includes the destructors of parameters.
  settle(*first_);
}

// Like Python, which throws the CancelledError into the coroutine before its
// first line.
void TaskCore::finish_unstarted() {
  const Finally left([this] { leave(); });
  const Step step(*this);
  unwind();
  future_.finish_cancelled();
}

void TaskCore::settle_exception(std::exception_ptr exception) {
  if (is_cancelled_error(exception)) {
    return future_.finish_cancelled(std::move(exception));
  }
  future_.finish_with(std::move(exception));
}

void TaskCore::report_pending() const noexcept try {
  loop_.call_exception_handler(
      {"Task was destroyed but it is pending: " + get_name() + ", in '" +
           innermost()->function() + "'",
       nullptr, innermost()->where()});
} catch (const std::bad_alloc&) {
  log_no_memory();
}

void TaskCore::destroy_pending() {
  report_pending();
  blocker_ = nullptr;
  unwind();
  // Dropped now, since the last handle may be kept forever.
  future_.drop_callbacks();
}

// ---- Cancelling ----

bool TaskCore::cancel(const std::string& message) {
  if (future_.done()) return false;
  forward_cancel(message);
  return finish_visit(message);
}

int TaskCore::uncancel() {
  forget_visits();
  if (cancel_requests_ > 0 && --cancel_requests_ == 0) must_cancel_ = false;
  return cancel_requests_;
}

// The task was cancelled before this wait began. If forwarding the request runs
// out of memory, the task must not wait: the exception destroys the blocker.
void TaskCore::cancel_at_once() {
  try {
    must_cancel_ = !forward_cancel(future_.cancel_message());
  } catch (...) {
    blocker_ = nullptr;
    throw;
  }
}

CancelForwarder* TaskCore::next_to_cancel(const std::string& message) {
  if (next_index() > 0 || blocker_ == nullptr || wait_cancelled_)
    return nullptr;
  FutureCore* const future = blocker_->future();
  CancelForwarder* const next =
      future == nullptr ? nullptr : future->cancel_forwarder();
  if (next == nullptr && blocker_->cancel(message)) set_forwarded();
  return next;
}

bool TaskCore::note_cancel(const std::string& message) {
  is_asked_ = true;
  ++cancel_requests_;
  if (is_forwarded()) return true;
  must_cancel_ = true;
  // After a wait was cancelled, the message of that request stays; otherwise
  // the last message counts.
  if (!wait_cancelled_) future_.set_cancel_message(message);
  return true;
}

bool TaskCore::wake_in_cycle(const std::string& message) {
  wake_up_cancelled(message);
  return true;
}

void TaskCore::throw_cancelled() const {
  throw CancelledError(future_.cancel_message());
}

}  // namespace loop
