// `TaskGroup`: tasks that end together.

#ifndef LOOP_TASKS_TASK_GROUP_H_
#define LOOP_TASKS_TASK_GROUP_H_

#include <exception>
#include <list>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/lifetime.h"
#include "loop/futures/outcome.h"
#include "selectors/errors.h"

namespace loop {

/// Tasks that end together: run() returns when all of them are done.
///
/// ```cpp
/// loop::Coroutine<> crawl(loop::TaskGroup& group) {
///   group.create_task(fetch("a"));
///   group.create_task(fetch("b"));
///   co_return;
/// }
/// ...
/// loop::TaskGroup group;
/// co_await group.run(crawl(group));
/// ```
///
/// join() waits for tasks that were started before:
///
/// ```cpp
/// loop::TaskGroup group;
/// group.create_task(fetch("a"));
/// group.create_task(fetch("b"));
/// co_await group.join();
/// ```
///
/// The first task that fails cancels the other tasks and the body. cancel()
/// cancels them without an error. A group is used once. Threads: the loop's
/// thread only.
///
/// Port of asyncio.TaskGroup (CPython 3.15, Lib/asyncio/taskgroups.py).
class TaskGroup {
 public:
  /// Makes an empty group.
  TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Destroys the group. If neither run() nor join() was called, cancels its
  /// tasks, if there is memory for that, and does not wait for them. Otherwise
  /// run() or join() must have ended, unless the loop is closed.
  ~TaskGroup();

  /// Awaits `body` in the calling task, then waits for all tasks of the group,
  /// and returns the result of `body`. The group must exist until then, or
  /// until the loop closes.
  ///
  /// The remaining tasks are cancelled, and the body if it still runs, when
  ///   - a task or the body fails (with any exception but CancelledError),
  ///   - the body throws a CancelledError,
  ///   - the calling task is cancelled, or
  ///   - cancel() is called.
  ///
  /// run() still waits for the cancelled tasks. Then it throws
  ///   - KeyboardInterrupt if a task or the body has thrown that,
  ///   - an ExceptionGroup of all exceptions, or else
  ///   - the CancelledError, unless only cancel() asked for it.
  ///
  /// Tasks that were cancelled do not count as failed. Throws RuntimeError if
  /// the group was used before. If there is not enough memory to wait for the
  /// tasks, throws std::bad_alloc, and the remaining tasks run on.
  ///
  /// Differs from Python: there this is `async with`, around a body. A body
  /// that did not reach its end because of cancel() has no result: if it should
  /// return a value, run() throws its CancelledError.
  template <Awaitable A>
  Coroutine<AwaitResult<A>> run(A body);

  /// Waits in the calling task for all tasks of the group, like run() after its
  /// body. The group must exist until then, or until the loop closes.
  ///
  /// Like run(), join() waits even for cancelled tasks. The remaining tasks are
  /// cancelled when a task fails (with any exception but CancelledError, even
  /// before join()), when the calling task is cancelled while it waits, or when
  /// cancel() is called. Throws KeyboardInterrupt, an ExceptionGroup or the
  /// CancelledError, like run(), and RuntimeError if run() or join() was called
  /// before, if a task belongs to another loop than the calling one, or if the
  /// calling task is a task of the group.
  ///
  /// If a task of the group fails before join(), the calling task is not
  /// cancelled; join() throws the error. If an exception may be thrown
  /// between create_task() and join(), use run(), which waits for the tasks in
  /// any case. Beyond Python; the rules are those of TaskGroup.__aexit__.
  Coroutine<> join();

  /// Starts a task of the group, before or during run() or join();
  /// tasks of the group may call this, too. The parameters are those of
  /// loop::create_task().
  ///
  /// Throws RuntimeError, and destroys the coroutine, when the body and all
  /// tasks are done, or once the group is being cancelled: after cancel(),
  /// after the failure of a task or the body, or after a CancelledError that
  /// the body throws or that interrupts the wait for the tasks. Before run()
  /// and join(), throws RuntimeError if no loop is running. Differs from
  /// Python: there, a group has to be entered first.
  ///
  /// The group learns of the end of a task one iteration later, even of a task
  /// that starts at once and is done before create_task() returns. So if that
  /// task fails, the others are cancelled an iteration later, and the caller is
  /// not cancelled within create_task().
  template <class T>
  Task<T> create_task(Coroutine<T> coroutine, const TaskOptions& options = {},
                      SourceLocation where = SourceLocation::current());

  /// Starts a task of the group with this name. Short for {.name = name}.
  template <class T, TaskName Name>
  Task<T> create_task(Coroutine<T> coroutine, const Name& name,
                      SourceLocation where = SourceLocation::current()) {
    return create_task(std::move(coroutine), TaskOptions{.name = name}, where);
  }

  /// Starts a task of the group that awaits `awaitable`, which is neither a
  /// coroutine nor a future, such as sleep(1s). Throws RuntimeError if the
  /// group does not accept tasks.
  template <Awaitable A>
  requires(!IsFuture<A> && !IsCoroutine<A>) auto create_task(
      A awaitable, const TaskOptions& options = {},
      SourceLocation where = SourceLocation::current()) {
    return create_task(as_coroutine(std::move(awaitable)), options, where);
  }

  /// Cancels the body and all tasks of the group, even the task that calls
  /// cancel(). Then run() throws nothing, unless
  ///   - a task or the body fails,
  ///   - the task that awaits run() is cancelled from elsewhere, or
  ///   - a body that should return a value did not reach its end.
  ///
  /// In the last two cases run() throws the CancelledError.
  ///
  /// ```cpp
  /// loop::Coroutine<> ask(loop::TaskGroup& group, Mirror mirror, Text& text) {
  ///   text = co_await mirror.get("/");
  ///   group.cancel();  // One answer is enough.
  /// }
  /// ```
  ///
  /// If the body or a task of the group calls cancel(), it runs on to its next
  /// wait and is cancelled there. A task that returns before that wait counts
  /// as cancelled, and its result is lost: store the result elsewhere first.
  ///
  /// Before run(), cancel() cancels the tasks at once, and the body when run()
  /// begins. cancel() has no effect once the group is cancelled or finished.
  /// Port of asyncio.TaskGroup.cancel (CPython 3.15).
  void cancel();

 private:
  class Member;
  class Completed;

  // The list entry of a member whose task does not exist yet. It is allocated
  // before the task is made, since memory may run out: each task that has
  // started is a member.
  class Place {
   public:
    explicit Place(TaskGroup& group);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();
    // Makes `task` a member. If it has started at once and cancelled the group,
    // it is cancelled like the others.
    void take(AnyTask task);

   private:
    TaskGroup& group_;
    std::list<Member> member_;
  };

  void enter();
  void enter_body();
  Coroutine<> exit(std::exception_ptr error);
  Coroutine<> wait_for_members(std::exception_ptr& cancellation);
  [[noreturn]] void throw_errors(std::exception_ptr body_error);

  // Returns the reason to reject a new task, or nullptr.
  const char* reason_to_refuse() const;
  bool is_finished() const { return exiting_ && members_.empty(); }
  void abort();
  void cancel_parent();
  void on_task_done(Member& member);
  void on_task_failed(const std::exception_ptr& error);

  std::optional<AnyTask> parent_;  // The task that awaits run() or join().
  bool exiting_ = false;           // The body has ended.
  bool aborting_ = false;          // All tasks have been cancelled.
  bool cancelled_parent_ = false;
  int starting_ = 0;  // The number of tasks in create_task().
  // The tasks whose end the group has not handled yet.
  std::list<Member> members_;
  std::list<Member> failed_;  // Those whose tasks have failed.
  std::exception_ptr interrupt_;
  Completed* completed_ = nullptr;  // Set while the parent waits for it.
  Lifetime lifetime_;
};

template <Awaitable A>
Coroutine<AwaitResult<A>> TaskGroup::run(A body) {
  enter_body();
  Outcome<AwaitResult<A>> outcome = co_await outcome_of(std::move(body));
  co_await exit(outcome.exception());
  // After cancel() the exception of the body may be the CancelledError.
  if constexpr (!std::is_void_v<AwaitResult<A>>) {
    co_return std::move(outcome).value();
  }
}

template <class T>
Task<T> TaskGroup::create_task(Coroutine<T> coroutine,
                               const TaskOptions& options,
                               SourceLocation where) {
  if (const char* const reason = reason_to_refuse()) {
    coroutine.release();  // Suppresses the report "never awaited".
    throw selectors::RuntimeError(reason);
  }
  EventLoop& event_loop = parent_ ? parent_->core().loop() : get_running_loop();
  Place place(*this);
  Task<T> task =
      loop::create_task(event_loop, std::move(coroutine), options, where);
  place.take(task);
  return task;
}

}  // namespace loop

#endif  // LOOP_TASKS_TASK_GROUP_H_
