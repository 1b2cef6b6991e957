// Tasks that belong together, and end together.

#ifndef LOOP_TASKS_TASK_GROUP_H_
#define LOOP_TASKS_TASK_GROUP_H_

#include <exception>
#include <list>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/lifetime.h"
#include "loop/futures/outcome.h"
#include "selectors/errors.h"

namespace loop {

/// `TaskGroup`: tasks that end together. run() returns when all of them are
/// done:
///
///   loop::Coroutine<> crawl(loop::TaskGroup& group) {
///     group.create_task(fetch("a"));
///     group.create_task(fetch("b"));
///     co_return;
///   }
///   ...
///   loop::TaskGroup group;
///   co_await group.run(crawl(group));
///
/// The first task that fails cancels the other tasks and the body. cancel()
/// cancels them without an error. A group is used once, in the thread of its
/// loop.
///
/// Port of asyncio.TaskGroup (CPython 3.15, Lib/asyncio/taskgroups.py).
class TaskGroup {
 public:
  TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  /// Awaits `body` in the calling task, then waits for all tasks of the group,
  /// and returns the result of `body`. The group must exist until then, or
  /// until the loop closes.
  ///
  /// The remaining tasks are cancelled, and the body if it still runs, when a
  /// task or the body fails (by anything but a CancelledError), when the body
  /// throws a CancelledError, when the calling task is cancelled, and by
  /// cancel(). They are waited for all the same. Then run() throws
  ///   - KeyboardInterrupt if one of them has thrown that,
  ///   - an ExceptionGroup of all that failed, or else
  ///   - the CancelledError, unless only cancel() asked for it.
  /// Tasks that were cancelled do not count as failed. Throws RuntimeError if
  /// the group was used before. If there is no memory to wait for the tasks,
  /// throws std::bad_alloc, and the remaining tasks run on.
  ///
  /// Differs from Python: there it is `async with`, around a body. A body that
  /// cancel() kept from its end has no result: if it should return a value,
  /// run() throws its CancelledError.
  template <Awaitable A>
  Coroutine<AwaitResult<A>> run(A body);

  /// Makes a task of the group, from the moment when run() begins, also within
  /// tasks of the group. Throws RuntimeError, and destroys the coroutine,
  /// before that, when the body and all tasks are done, and when the group has
  /// been cancelled.
  ///
  /// The group takes note of a task an iteration after the task is done, also
  /// of one that starts at once: if it fails, the others are cancelled an
  /// iteration later, and the caller is not cancelled within create_task().
  template <class T>
  Task<T> create_task(Coroutine<T> coroutine, std::string_view name = {},
                      Start start = Start::kSoon,
                      SourceLocation where = SourceLocation::current());

  /// Makes a task of what is neither a coroutine nor a future, such as
  /// sleep(1s).
  template <Awaitable A>
  requires(!IsFuture<A> && !IsCoroutine<A>) auto create_task(
      A awaitable, std::string_view name = {}, Start start = Start::kSoon,
      SourceLocation where = SourceLocation::current()) {
    return create_task(as_coroutine(std::move(awaitable)), name, start, where);
  }

  /// Cancels the tasks of the group, the calling one included, and the body;
  /// run() then returns without an exception, unless something fails:
  ///
  ///   loop::Coroutine<> ask(loop::TaskGroup& group, Mirror mirror, Page& page)
  ///   {
  ///     page = co_await mirror.get("/");
  ///     group.cancel();  // One answer is enough.
  ///   }
  ///
  /// The body, and a member that calls this, run on to their next wait and are
  /// cancelled there. A member that returns before counts as cancelled, so its
  /// result is lost: store it elsewhere first. A cancellation of the calling
  /// task by somebody else is not swallowed: run() throws its CancelledError.
  ///
  /// Before run() the request is kept until run() begins. Once the group is
  /// cancelled or finished this has no effect.
  /// Port of asyncio.TaskGroup.cancel (CPython 3.15).
  void cancel();

 private:
  class Member;
  class Completed;

  // A member to be. It is made before the task is, as there may be no memory
  // for it: who has started is a member.
  class Place {
   public:
    explicit Place(TaskGroup& group);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();
    // A task that started at once may have cancelled the group before it was a
    // member: it is cancelled with the others.
    void take(AnyTask task);

   private:
    TaskGroup& group_;
    std::list<Member> member_;
  };

  void enter();
  Coroutine<> exit(std::exception_ptr error);
  Coroutine<> wait_for_members(std::exception_ptr& cancellation);
  void throw_errors();

  // nullptr if there is no reason.
  const char* reason_to_refuse() const;
  bool is_finished() const { return exiting_ && members_.empty(); }
  void abort();
  void cancel_parent();
  void on_task_done(Member& member);
  void note_error(std::exception_ptr error);

  std::optional<AnyTask> parent_;  // The task that awaits run().
  bool exiting_ = false;           // The body has ended.
  bool aborting_ = false;          // All have been cancelled.
  bool cancelled_parent_ = false;
  std::list<Member> members_;  // Those that are not done.
  std::vector<std::exception_ptr> errors_;
  std::exception_ptr interrupt_;
  Completed* completed_ = nullptr;  // What the parent waits for, if it does.
  Lifetime lifetime_;
};

template <Awaitable A>
Coroutine<AwaitResult<A>> TaskGroup::run(A body) {
  enter();
  Outcome<AwaitResult<A>> outcome = co_await outcome_of(std::move(body));
  co_await exit(outcome.exception());
  // After cancel() the exception of the body may be the CancelledError.
  if constexpr (!std::is_void_v<AwaitResult<A>>) {
    co_return std::move(outcome).value();
  }
}

template <class T>
Task<T> TaskGroup::create_task(Coroutine<T> coroutine, std::string_view name,
                               Start start, SourceLocation where) {
  if (const char* const reason = reason_to_refuse()) {
    coroutine.release();  // Nobody is to blame that it was never awaited.
    throw selectors::RuntimeError(reason);
  }
  Place place(*this);
  Task<T> task = loop::create_task(parent_->core().loop(), std::move(coroutine),
                                   name, start, where);
  place.take(task);
  return task;
}

}  // namespace loop

#endif  // LOOP_TASKS_TASK_GROUP_H_
