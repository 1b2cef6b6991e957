// Tasks: how they start, run and end, and their names.

#include "loop/coroutines/task.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/futures/errors.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/wait_for.h"
#include "selectors/errors.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

class TaskTest : public CoroutineTest {
 protected:
  // Notes that it has begun, waits, and notes that it ends.
  static Coroutine<int> work(Journal& journal, std::string name,
                             std::chrono::nanoseconds delay = 0ns) {
    journal.push_back(name + " begins");
    co_await sleep(delay);
    journal.push_back(name + " ends");
    co_return 42;
  }

  Journal journal_;
};

TEST_F(TaskTest, RunsSoonAndIsAFuture) {
  const Task<int> task = start(work(journal_, "a"));
  EXPECT_FALSE(task.done());
  EXPECT_EQ(journal_, Journal{});
  f_.turn();
  EXPECT_EQ(journal_, (Journal{"a begins"}));
  f_.turn();
  EXPECT_EQ(journal_, (Journal{"a begins", "a ends"}));
  EXPECT_TRUE(task.done());
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(task.result(), 42);
  const Future<int> future = task;
  EXPECT_EQ(future.result(), 42);
  EXPECT_EQ(&task.get_loop(), &f_.loop);
}

TEST_F(TaskTest, DoneCallbacksGetTheTask) {
  const auto task = create_task(f_.loop, work(journal_, "a"), {.name = "A"});
  const auto note = [this](const AnyTask& any) {
    journal_.push_back("AnyTask " + any.get_name());
  };
  task.add_done_callback(
      [&](Task<int> t) { journal_.push_back("Task " + t.get_name()); });
  task.add_done_callback(note);
  task.add_done_callback([&](const Future<int>& future) {
    journal_.push_back("Future " + std::to_string(future.result()));
  });
  const auto id = task.add_done_callback([&] { journal_.push_back("never"); });
  EXPECT_EQ(task.remove_done_callback(id), 1u);
  AnyTask(task).add_done_callback(note);
  const auto tail = [&] { journal_.push_back("no argument"); };
  AnyTask(task).add_done_callback(tail);
  const auto other =
      AnyTask(task).add_done_callback([&] { journal_.push_back("never"); });
  EXPECT_EQ(AnyTask(task).remove_done_callback(other), 1u);
  EXPECT_EQ(AnyTask(task).remove_done_callback(other), 0u);
  task.add_done_callback(tail);
  f_.turn(3);
  EXPECT_EQ(journal_,
            (Journal{"a begins", "a ends", "Task A", "AnyTask A", "Future 42",
                     "AnyTask A", "no argument", "no argument"}));
}

TEST_F(TaskTest, AnAnyTaskCanBeAwaited) {
  const auto fail = []() -> Coroutine<> {
    co_await sleep(0s);
    throw Mistake("too late");
  };
  const AnyTask good = start(work(journal_, "a"));
  const AnyTask bad = start(fail());
  run(good);
  EXPECT_TRUE(good.done());
  run(good);
  EXPECT_THROW(run(bad), Mistake);
  bad.cancel();
  EXPECT_THROW(run(bad), Mistake);
}

TEST_F(TaskTest, AWaitForAnAnyTaskCancelsIt) {
  const AnyTask sleeper = start(sleep(1h));
  const auto waiter = start(sleeper);
  f_.turn(2);
  waiter.cancel();
  f_.turn(2);
  EXPECT_TRUE(sleeper.cancelled());
  EXPECT_TRUE(waiter.cancelled());
  EXPECT_THROW(run(sleeper), CancelledError);
}

// The task that awaits an AnyTask has begun when the call returns.
TEST_F(TaskTest, AWaitForADoneAnyTaskIsInTime) {
  const auto main = [&]() -> Coroutine<> {
    const AnyTask done = create_task(work(journal_, "a"));
    co_await done;
    co_await wait_for(done, 0s);
  };
  run(main());
}

TEST_F(TaskTest, AGatherOfAnyTasksCancelsThemAtOnce) {
  const auto main = [&]() -> Coroutine<> {
    std::vector<AnyTask> both = {create_task(sleep(1h)),
                                 create_task(sleep(1h))};
    const auto all = gather(both);
    all.cancel();
    co_await sleep(0s);
    EXPECT_TRUE(both[0].cancelled() && both[1].cancelled());
    EXPECT_THROW(co_await all, CancelledError);
  };
  run(main());
}

TEST_F(TaskTest, AnAnyTaskOfAnotherLoopIsRefused) {
  EventLoop other;
  other.set_exception_handler([](auto&, const auto&) {});
  const AnyTask foreign = create_task(other, sleep(1h));
  EXPECT_THROW((void)ensure_future(f_.loop, foreign), ValueError);
}

// As in CPython, a coroutine that cannot run is not started.
TEST_F(TaskTest, RunUntilCompleteInARunningLoop) {
  f_.loop.call_soon([&] {
    EXPECT_THROW(run_until_complete(f_.loop, work(journal_, "never")),
                 RuntimeError);
  });
  f_.turn(3);
  EXPECT_EQ(journal_, Journal{});
}

// A run that fails when the task has failed. The handler of exceptions, which
// would fail the test, hears of neither.
TEST_F(TaskTest, RunUntilCompleteRetrievesTheException) {
  const tests::Pipe pipe;
  f_.loop.add_reader(pipe.reader.fileno(), [] {});
  std::optional<tests::FaultInjector> fault;
  const auto fail = [&]() -> Coroutine<> {
    fault.emplace(1, EINVAL);
    throw Mistake("not reported");
    co_return;
  };
  EXPECT_THROW(run_until_complete(f_.loop, fail()), selectors::OSError);
  EXPECT_TRUE(fault->fired());
  fault.reset();
  f_.loop.remove_reader(pipe.reader.fileno());
}

TEST_F(TaskTest, RunUntilCompleteOfAnAwaitable) {
  EXPECT_EQ(run_until_complete(f_.loop, work(journal_, "a")), 42);
  run_until_complete(f_.loop, sleep(0s));
  const auto task = start(work(journal_, "b"));
  EXPECT_EQ(run_until_complete(f_.loop, task), 42);
  EXPECT_EQ(task.result(), 42);
  const auto five = []() -> Coroutine<std::unique_ptr<int>> {
    co_return std::make_unique<int>(5);
  };
  EXPECT_EQ(*run_until_complete(f_.loop, five()), 5);
}

TEST_F(TaskTest, RunSideBySide) {
  start(work(journal_, "a"));
  start(work(journal_, "b"));
  f_.turn(2);
  EXPECT_EQ(journal_, (Journal{"a begins", "b begins", "a ends", "b ends"}));
}

TEST_F(TaskTest, TaskException) {
  const auto fail = []() -> Coroutine<> {
    co_await sleep(0s);
    throw Mistake("too late");
  };
  const auto task = start(fail());
  f_.turn(2);
  EXPECT_TRUE(task.done());
  EXPECT_EQ(text_of(task.exception()), "too late");
  EXPECT_THROW(task.result(), Mistake);
}

TEST_F(TaskTest, R108_ExceptionNeverRetrieved) {
  const auto fail = []() -> Coroutine<> {
    throw Mistake("too late");
    co_return;
  };
  start(fail());
  f_.turn();
  const auto errors = f_.take_errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].message, "Task exception was never retrieved");
  EXPECT_EQ(text_of(errors[0].exception), "too late");
  EXPECT_TRUE(contains(errors[0].where.repr(), "coroutine_fixture.h"));
}

TEST_F(TaskTest, DoneCallbacks) {
  const auto task = start(work(journal_, "a"));
  task.add_done_callback(note(journal_, "called"));
  f_.turn(2);
  EXPECT_EQ(journal_.back(), "a ends");
  f_.turn();
  EXPECT_EQ(journal_.back(), "called");
}

// As in Python: set_result() is not for the users of a task, by whichever
// handle. Task<T> has none; a Future<T> of it refuses.
TEST_F(TaskTest, TaskSetResult) {
  const Future<int> future = start(work(journal_, "a"));
  EXPECT_THROW(future.set_result(1), RuntimeError);
  EXPECT_THROW(future.set_exception(Mistake("")), RuntimeError);
  f_.turn(2);
  EXPECT_EQ(future.result(), 42);
}

TEST_F(TaskTest, AwaitATask) {
  const auto outer = [&]() -> Coroutine<int> {
    const auto task = create_task(work(journal_, "a", 10ms));
    co_return 1 + co_await task;
  };
  EXPECT_EQ(run(outer()), 43);
  EXPECT_EQ(f_.ms(), 10);
}

TEST_F(TaskTest, AwaitAFutureThatIsDone) {
  const auto outer = [&]() -> Coroutine<int> {
    const auto future = make<int>();
    future.set_result(7);
    co_return co_await future;
  };
  const auto task = start(outer());
  f_.turn();
  EXPECT_EQ(task.result(), 7);
}

TEST_F(TaskTest, AwaitAFutureWithAnException) {
  const auto future = make<int>();
  const auto outer = [&]() -> Coroutine<std::string> {
    try {
      co_await future;
    } catch (const Mistake& mistake) {
      co_return mistake.what();
    }
    co_return "nothing";
  };
  const auto task = start(outer());
  f_.turn();
  future.set_exception(Mistake("too late"));
  EXPECT_EQ(run_until_complete(task), "too late");
}

TEST_F(TaskTest, SeveralAwaitOneFuture) {
  const auto future = make<std::string>();
  const auto outer = [&]() -> Coroutine<std::string> {
    co_return co_await future;
  };
  const auto a = start(outer());
  const auto b = start(outer());
  f_.turn();
  future.set_result("for both");
  f_.turn();
  EXPECT_EQ(a.result(), "for both");
  EXPECT_EQ(b.result(), "for both");
  EXPECT_EQ(future.result(), "for both");
}

TEST_F(TaskTest, MoveOnlyResultIsTakenOut) {
  const auto make_one = []() -> Coroutine<std::unique_ptr<int>> {
    co_await sleep(0s);
    co_return std::make_unique<int>(7);
  };
  const auto outer = [&]() -> Coroutine<int> {
    const auto task = create_task(make_one());
    co_return *co_await task;
  };
  EXPECT_EQ(run(outer()), 7);
}

// No copy is made if nobody else could see it.
TEST_F(TaskTest, ResultOfATemporaryIsMoved) {
  struct Copies {
    explicit Copies(int& count) : copies(&count) {}
    Copies(const Copies& other) : copies(other.copies) { ++*copies; }
    Copies(Copies&&) = default;
    int* copies;
  };
  int copies = 0;
  const auto make_one = [&]() -> Coroutine<Copies> {
    co_return Copies(copies);
  };
  const auto outer = [&](bool keep) -> Coroutine<> {
    if (keep) {
      const auto task = create_task(make_one());
      co_await task;
    } else {
      co_await create_task(make_one());
    }
  };
  run(outer(false));
  EXPECT_EQ(copies, 0);
  run(outer(true));
  EXPECT_EQ(copies, 1);
}

TEST_F(TaskTest, TaskCannotAwaitItself) {
  std::vector<Task<int>> self;
  const auto outer = [&]() -> Coroutine<int> { co_return co_await self[0]; };
  self.push_back(start(outer()));
  f_.turn();
  EXPECT_EQ(text_of(self[0].exception()), "Task-1 cannot await itself");
}

TEST_F(TaskTest, FutureOfAnotherLoop) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  const auto future = create_future<int>(other.loop);
  const auto outer = [&]() -> Coroutine<int> { co_return co_await future; };
  const auto task = start(outer());
  f_.turn();
  EXPECT_EQ(text_of(task.exception()),
            "Task-1 got a future that is attached to a different loop");
}

TEST_F(TaskTest, ResultOfWideAlignment) {
  struct alignas(64) Wide {
    char bytes[64] = {};
  };
  const auto make_one = []() -> Coroutine<bool> {
    std::vector<Future<Wide>> futures;
    for (int i = 0; i < 8; ++i) {
      futures.push_back(create_future<Wide>(get_running_loop()));
      futures.back().set_result(Wide());
      const auto address =
          reinterpret_cast<std::uintptr_t>(&futures.back().result());
      if (address % 64 != 0) co_return false;
    }
    co_return true;
  };
  EXPECT_TRUE(run(make_one()));
}

// As round as an address of a frame ever is.
TEST_F(TaskTest, ResultOfGreatestAlignment) {
  const auto half = []() -> Coroutine<long double> { co_return 0.5L; };
  const auto sum = [&]() -> Coroutine<long double> {
    co_return co_await half() + co_await half();
  };
  EXPECT_EQ(run(sum()), 1.0L);
}

// ---- Names ----

TEST_F(TaskTest, TaskNames) {
  const auto a = start(work(journal_, "a"));
  const auto b = start(work(journal_, "b"));
  const auto c = create_task(f_.loop, work(journal_, "c"), {.name = "c"});
  EXPECT_EQ(a.get_name(), "Task-1");
  EXPECT_EQ(b.get_name(), "Task-2");
  EXPECT_EQ(c.get_name(), "c");
  a.set_name("first");
  EXPECT_EQ(a.get_name(), "first");
  f_.turn(2);
  EXPECT_EQ(a.get_name(), "first");
}

// ---- current_task(), all_tasks() ----

TEST_F(TaskTest, CurrentTask) {
  const auto outer = [&]() -> Coroutine<std::string> {
    co_await sleep(0s);
    co_return current_task().get_name();
  };
  EXPECT_EQ(run(outer()), "Task-1");
  EXPECT_THROW(current_task(), RuntimeError);
  f_.loop.call_soon([] { EXPECT_THROW(current_task(), RuntimeError); });
  f_.turn();
}

TEST_F(TaskTest, CurrentTaskWithInterleavedTasks) {
  const auto check = [](std::string name) -> Coroutine<> {
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(current_task().get_name(), name);
      co_await sleep(0s);
    }
  };
  create_task(f_.loop, check("a"), {.name = "a"});
  create_task(f_.loop, check("b"), {.name = "b"});
  f_.turn(4);
}

TEST_F(TaskTest, AllTasks) {
  EXPECT_TRUE(all_tasks(f_.loop).empty());
  const auto a = start(work(journal_, "a"));
  const auto b = start(work(journal_, "b", 1ms));
  EXPECT_EQ(all_tasks(f_.loop), (std::vector<AnyTask>{a, b}));
  f_.turn(2);
  EXPECT_EQ(all_tasks(f_.loop), (std::vector<AnyTask>{b}));
  EXPECT_THROW(all_tasks(), RuntimeError);
  run_until_complete(b);
  EXPECT_TRUE(all_tasks(f_.loop).empty());
}

TEST_F(TaskTest, AnyTaskIsTheSameTask) {
  const auto task = start(work(journal_, "a", 1h));
  const AnyTask any = task;
  any.set_name("a");
  EXPECT_EQ(task.get_name(), "a");
  f_.turn();
  EXPECT_TRUE(any.cancel("no need"));
  EXPECT_EQ(any.cancelling(), 1);
  EXPECT_EQ(any.uncancel(), 0);
  f_.turn();
  EXPECT_TRUE(any.done());
  EXPECT_TRUE(any.cancelled());
  EXPECT_EQ(cancelled_with([&] { any.exception(); }), "no need");
}

// ---- Eager start: of a single task, by an option (gh-128308) ----

TEST_F(TaskTest, EagerTaskThatDoesNotWait) {
  const auto outer = [&]() -> Coroutine<> {
    const auto three = []() -> Coroutine<int> { co_return 3; };
    const auto task = create_task(three(), {.eager_start = true});
    EXPECT_TRUE(task.done());
    EXPECT_EQ(task.result(), 3);
    EXPECT_EQ(all_tasks().size(), 1u);
    co_return;
  };
  run(outer());
}

TEST_F(TaskTest, EagerTaskRunsAtOnceUntilItWaits) {
  const auto outer = [&]() -> Coroutine<int> {
    const auto task = create_task(work(journal_, "a"), {.eager_start = true});
    EXPECT_EQ(journal_, (Journal{"a begins"}));
    EXPECT_FALSE(task.done());
    co_return co_await task;
  };
  EXPECT_EQ(run(outer()), 42);
}

TEST_F(TaskTest, EagerTaskIsTheCurrentOne) {
  const auto name = []() -> Coroutine<std::string> {
    co_return current_task().get_name();
  };
  const auto outer = [&]() -> Coroutine<> {
    const auto task =
        create_task(name(), {.name = "inner", .eager_start = true});
    EXPECT_EQ(task.result(), "inner");
    EXPECT_EQ(current_task().get_name(), "Task-1");
    co_return;
  };
  run(outer());
}

TEST_F(TaskTest, EagerTaskOfALoopThatDoesNotRun) {
  const auto task =
      create_task(f_.loop, work(journal_, "a"), {.eager_start = true});
  EXPECT_EQ(journal_, Journal());
  EXPECT_EQ(run_until_complete(task), 42);
}

TEST_F(TaskTest, R106_EagerTaskThatFailsBeforeItWaits) {
  const auto fail = []() -> Coroutine<> {
    throw Mistake("at once");
    co_return;
  };
  const auto outer = [&]() -> Coroutine<> {
    const auto task = create_task(fail(), {.eager_start = true});
    EXPECT_EQ(text_of(task.exception()), "at once");
    co_return;
  };
  run(outer());
}

// ---- Options ----

// gh-128307: the name holds during the first step already.
TEST_F(TaskTest, OptionsOfATaskThatIsAwaitedAtOnce) {
  const auto name = []() -> Coroutine<std::string> {
    co_return current_task().get_name();
  };
  const auto outer = [&]() -> Coroutine<> {
    EXPECT_EQ(co_await create_task(name(), {.name = "short"}), "short");
    const std::string text = "a name that is not short at all";
    EXPECT_EQ(co_await create_task(
                  name(), {.name = text + ", is it?", .eager_start = true}),
              text + ", is it?");
    EXPECT_EQ(co_await create_task(sleep(0s, 1), {.name = "sleeper"}), 1);
  };
  run(outer());
}

TEST_F(TaskTest, PlaceIsThatOfTheCallAlsoWithOptions) {
  const auto fail = []() -> Coroutine<> {
    throw Mistake("unheard");
    co_return;
  };
  const unsigned line = __LINE__ + 1;
  create_task(f_.loop, fail(), {.name = "worker"});
  f_.turn(2);
  const auto errors = f_.take_errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].where.line(), line);
}

// ---- Who may make one, and where ----

TEST_F(TaskTest, CreateTaskWithoutALoop) {
  EXPECT_THROW(create_task(work(journal_, "a")), RuntimeError);
}

TEST_F(TaskTest, CreateTaskOnAClosedLoop) {
  f_.loop.close();
  EXPECT_THROW(start(work(journal_, "a")), RuntimeError);
}

TEST_F(TaskTest, CreateTaskInAWrongThread) {
  f_.loop.set_debug(true);
  f_.loop.call_soon([&] {
    std::thread([&] {
      EXPECT_THROW(start(work(journal_, "a")), RuntimeError);
    }).join();
  });
  ::testing::internal::CaptureStderr();  // It was never awaited.
  f_.turn();
  ::testing::internal::GetCapturedStderr();
}

// create_task(awaitable, name) is short for {.name = name}.
TEST_F(TaskTest, TakesANameAlone) {
  const auto body = [&]() -> Coroutine<> { co_return; };
  const std::string name = "from a string";
  EXPECT_EQ(create_task(f_.loop, body(), "literal").get_name(), "literal");
  EXPECT_EQ(create_task(f_.loop, body(), name).get_name(), name);
  EXPECT_EQ(create_task(f_.loop, sleep(1ms), "nap").get_name(), "nap");
  EXPECT_EQ(create_task(f_.loop, sleep(1ms), name).get_name(), name);
  const auto main = [&]() -> Coroutine<std::string> {
    const auto nap = create_task(sleep(1ms), "nap");
    co_await nap;
    co_return create_task(body(), "running").get_name() + nap.get_name();
  };
  EXPECT_EQ(run(main()), "runningnap");
}

}  // namespace
}  // namespace loop
