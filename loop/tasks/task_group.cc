#include "loop/tasks/task_group.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/futures/holds.h"
#include "loop/futures/lifetime.h"
#include "loop/tasks/exception_group.h"

namespace loop {

// A task of the group, until the task is done and the group has handled that.
class TaskGroup::Member final : public DoneCallback {
 public:
  explicit Member(TaskGroup& group) : group_(group) {}
  ~Member() override { unlink(); }

  void start(AnyTask task, std::list<Member>::iterator self) {
    task_.emplace(std::move(task));
    self_ = self;
    task_->core().future().add_done_callback(*this);
  }

  // After a failure the group may be destroyed before the callback runs: `told`
  // notices that.
  void on_done(FutureCore& future) override {
    future.loop_reference().call_soon_if_open(
        [this, told = LifetimeObserver(group_.lifetime_)] {
          if (told.object_exists()) group_.on_task_done(*this);
        },
        future.where());
  }

  void cancel() const {
    if (!task_->done()) task_->cancel();
  }

  const AnyTask& task() const { return *task_; }
  std::list<Member>::iterator self() const { return self_; }

 private:
  TaskGroup& group_;
  std::optional<AnyTask> task_;  // nullopt: not made yet.
  std::list<Member>::iterator self_;
};

TaskGroup::Place::Place(TaskGroup& group) : group_(group) {
  member_.emplace_back(group);
  ++group_.starting_;
}
TaskGroup::Place::~Place() { --group_.starting_; }

// A task that is done already, because it started at once, is handled in the
// next iteration like any other. So if it failed, the parent is not cancelled
// before its next wait.
void TaskGroup::Place::take(AnyTask task) {
  const auto member = member_.begin();
  member->start(std::move(task), member);
  group_.members_.splice(group_.members_.end(), member_);
  if (group_.aborting_) member->cancel();
}

// The future that the parent waits for. It exists only during that wait.
class TaskGroup::Completed final : public FutureState<void> {
 public:
  explicit Completed(TaskGroup& group)
      : FutureState(group.parent_->core().loop(), SourceLocation::current()),
        group_(group),
        waiting_(group.lifetime_) {
    group_.completed_ = this;
  }
  ~Completed() override {
    if (waiting_.object_exists()) group_.completed_ = nullptr;
  }

  void for_each_awaited(const std::function<void(FutureCore&)>& f) override {
    if (!waiting_.object_exists()) return;
    for (const Member& member : group_.members_) {
      f(member.task().core().future());
    }
  }

 private:
  TaskGroup& group_;
  const LifetimeObserver waiting_;
};

TaskGroup::TaskGroup() = default;
TaskGroup::~TaskGroup() {
  if (parent_ || aborting_) return;
  try {
    abort();
  } catch (...) {
    // Out of memory, or in debug mode a wrong thread: the tasks run on.
  }
}

void TaskGroup::enter() {
  if (parent_) {
    throw selectors::RuntimeError("TaskGroup has already been entered");
  }
  TaskCore& parent = TaskCore::running();
  bool waits_for_itself = starting_ > 0;
  for (const Member& member : members_) {
    if (&member.task().core() == &parent) waits_for_itself = true;
    if (member.task().core().future().loop_reference() !=
        parent.future().loop_reference()) {
      throw selectors::RuntimeError("TaskGroup has tasks of another loop");
    }
  }
  if (waits_for_itself) {
    throw selectors::RuntimeError("A task of a TaskGroup cannot wait for it");
  }
  parent_.emplace(parent);
}

void TaskGroup::enter_body() {
  enter();
  if (aborting_) cancel_parent();
}

Coroutine<> TaskGroup::join() {
  enter();
  co_await exit(nullptr);
}

Coroutine<> TaskGroup::exit(std::exception_ptr error) {
  exiting_ = true;
  if (!interrupt_ && holds<KeyboardInterrupt>(error)) interrupt_ = error;
  const bool was_cancelled = is_cancelled_error(error);
  std::exception_ptr cancellation = was_cancelled ? error : nullptr;
  if (error && !aborting_) abort();
  co_await wait_for_members(cancellation);

  if (interrupt_) std::rethrow_exception(interrupt_);
  // The group takes back its own request to cancel the parent. If there was no
  // other, there is no cancellation to report.
  if (cancelled_parent_ && parent_->uncancel() == 0) cancellation = nullptr;
  if (was_cancelled) error = nullptr;
  if (error || !failed_.empty()) throw_errors(std::move(error));
  if (cancellation) std::rethrow_exception(cancellation);
}

// Waits until all members are done, however often the parent is cancelled. A
// cancellation that comes while the members are being cancelled is kept as
// well.
Coroutine<> TaskGroup::wait_for_members(std::exception_ptr& cancellation) {
  while (!members_.empty()) {
    const Reference<FutureState<void>> completed(new Completed(*this));
    try {
      co_await Future<void>(completed);
    } catch (const CancelledError&) {
      if (!cancellation) cancellation = std::current_exception();
      if (!aborting_) abort();
    }
  }
}

// If the parent has been cancelled from outside as well, the errors replace the
// CancelledError of that request. So the request is repeated, for the next wait
// of the parent.
void TaskGroup::throw_errors(std::exception_ptr body_error) {
  if (parent_->cancelling() > 0) {
    parent_->uncancel();
    parent_->cancel("");
  }
  std::vector<std::exception_ptr> errors;
  for (const Member& member : failed_) {
    errors.push_back(member.task().exception());
  }
  if (body_error) errors.push_back(std::move(body_error));
  throw ExceptionGroup("unhandled errors in a TaskGroup", std::move(errors));
}

const char* TaskGroup::reason_to_refuse() const {
  if (is_finished()) return "TaskGroup is finished";
  if (aborting_) return "TaskGroup is shutting down";
  return nullptr;
}

void TaskGroup::abort() {
  aborting_ = true;
  for (const Member& member : members_) member.cancel();
}

// The parent may be waiting for anything, within the body. The request makes it
// reach exit(), which takes the request back.
void TaskGroup::cancel_parent() {
  parent_->cancel();
  cancelled_parent_ = true;
}

void TaskGroup::cancel() {
  if (aborting_ || is_finished()) return;
  abort();
  if (parent_ && !exiting_) cancel_parent();
}

void TaskGroup::on_task_done(Member& member) {
  std::list<Member> done;  // Keeps `member` until this returns.
  done.splice(done.begin(), members_, member.self());
  const AnyTask& task = member.task();
  if (completed_ != nullptr && members_.empty() && !completed_->done()) {
    completed_->result.emplace();
    completed_->set_finished();
  }
  if (task.cancelled()) return;
  if (const std::exception_ptr error = task.exception()) {
    failed_.splice(failed_.end(), done);
    on_task_failed(error);
  }
}

void TaskGroup::on_task_failed(const std::exception_ptr& error) {
  if (!interrupt_ && holds<KeyboardInterrupt>(error)) interrupt_ = error;
  if (aborting_ || cancelled_parent_) return;
  abort();
  if (parent_) cancel_parent();  // Before run() and join() there is none.
}

}  // namespace loop
