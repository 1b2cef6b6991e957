// Tasks that belong together, and end together.

#ifndef LOOP_COROUTINES_TASK_GROUP_H_
#define LOOP_COROUTINES_TASK_GROUP_H_

#include <exception>
#include <list>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/dependents.h"
#include "loop/coroutines/task.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/outcome.h"
#include "selectors/errors.h"

namespace loop {

// Owns tasks that are all done when it is:
//
//   loop::Coroutine<> crawl(loop::TaskGroup& group) {
//     group.create_task(fetch("a"));
//     group.create_task(fetch("b"));
//     co_return;
//   }
//   ...
//   loop::TaskGroup group;
//   co_await group.run(crawl(group));
//
// The first one that fails has the others, and the body, cancelled. For one
// use; by the thread of its loop.
//
// Port of asyncio.TaskGroup (CPython 3.13, Lib/asyncio/taskgroups.py).
class TaskGroup {
 public:
  TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // Awaits `body`, in the task that awaits this, then all tasks of the group,
  // and returns what the body returned. The group must exist until then, or
  // until the loop closes.
  //
  // If a task or the body fails (other than by a CancelledError), if the body
  // throws a CancelledError, or if the task that awaits this is cancelled, then
  // the tasks that are left are cancelled, and the body if it still runs; they
  // are waited for all the same. In the end this throws
  //   - KeyboardInterrupt if one of them has thrown that,
  //   - an ExceptionGroup of all that failed, or else
  //   - the CancelledError.
  // Tasks that were cancelled do not count as failed. Throws RuntimeError when
  // used again. If there is no memory to wait for the tasks, throws
  // std::bad_alloc, and those that are left run on.
  //
  // Differs from Python: there it is `async with`, around a body.
  template <Awaitable A>
  Coroutine<AwaitResult<A>> run(A body);

  // Makes a task of the group, from the moment when run() begins, also within
  // tasks of the group. Throws RuntimeError, and destroys the coroutine, before
  // that, when all tasks are done and the body, too, and when the others have
  // been cancelled.
  template <class T>
  Task<T> create_task(Coroutine<T> coroutine, std::string_view name = {},
                      Start start = Start::kSoon,
                      SourceLocation where = SourceLocation::current());

  // The same for what is neither coroutine nor future, such as sleep(1s).
  template <Awaitable A>
  requires(!IsFuture<A> && !IsCoroutine<A>) auto create_task(
      A awaitable, std::string_view name = {}, Start start = Start::kSoon,
      SourceLocation where = SourceLocation::current()) {
    return create_task(as_coroutine(std::move(awaitable)), name, start, where);
  }

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
  void abort();
  void on_task_done(Member& member);
  void note_error(std::exception_ptr error);

  TaskCore* parent_ = nullptr;  // Which awaits run(), once it has begun.
  bool exiting_ = false;        // The body has ended.
  bool aborting_ = false;       // All have been cancelled.
  bool cancelled_parent_ = false;
  std::list<Member> members_;  // Those that are not done.
  std::vector<std::exception_ptr> errors_;
  std::exception_ptr interrupt_;
  Completed* completed_ = nullptr;  // What the parent waits for, if it does.
  Dependents dependents_;
};

template <Awaitable A>
Coroutine<AwaitResult<A>> TaskGroup::run(A body) {
  enter();
  Outcome<AwaitResult<A>> outcome;
  try {
    if constexpr (std::is_void_v<AwaitResult<A>>) {
      co_await std::move(body);
      outcome.set_value();
    } else {
      outcome.set_value(co_await std::move(body));
    }
  } catch (...) {
    outcome.set_exception(std::current_exception());
  }
  co_await exit(outcome.exception());
  co_return std::move(outcome).value();
}

template <class T>
Task<T> TaskGroup::create_task(Coroutine<T> coroutine, std::string_view name,
                               Start start, SourceLocation where) {
  if (const char* const reason = reason_to_refuse()) {
    coroutine.release();  // Nobody is to blame that it was never awaited.
    throw selectors::RuntimeError(reason);
  }
  Place place(*this);
  Task<T> task = loop::create_task(parent_->loop(), std::move(coroutine), name,
                                   start, where);
  place.take(task);
  return task;
}

}  // namespace loop

#endif  // LOOP_COROUTINES_TASK_GROUP_H_
