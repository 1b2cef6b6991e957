// wait(): the first or all of several futures.

#include "loop/tasks/wait.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/tasks/sleep.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using std::chrono::milliseconds;

class WaitTest : public CoroutineTest {
 protected:
  static Coroutine<int> later(milliseconds delay, int result) {
    co_await sleep(delay);
    co_return result;
  }
  static Coroutine<int> fail(milliseconds delay) {
    co_await sleep(delay);
    throw Mistake("expected");
  }

  // Lets what is pending end.
  ~WaitTest() override {
    if (!f_.loop.is_closed()) f_.run_for(1h);
  }
};

using Tasks = std::vector<Task<int>>;

TEST_F(WaitTest, Wait) {
  const Tasks tasks{start(later(100ms, 1)), start(later(150ms, 2))};
  const auto [done, pending] = run(wait(tasks));
  EXPECT_EQ(done, tasks);
  EXPECT_TRUE(pending.empty());
  EXPECT_EQ(f_.ms(), 150);
  run(wait(tasks));
  EXPECT_EQ(f_.ms(), 150) << "they are done";
}

// The ways to say what to wait for, and for how long.
TEST_F(WaitTest, ArgumentsInAllForms) {
  const auto body = [&]() -> Coroutine<> {
    const auto a = create_task(later(10ms, 1)), b = create_task(later(30ms, 2));
    const auto c = create_task(sleep(20ms));
    const Tasks tasks{a, b};
    const auto first = co_await wait(tasks, FIRST_COMPLETED);
    EXPECT_EQ(f_.ms(), 10);
    EXPECT_EQ(first.done, Tasks{a});
    EXPECT_EQ(first.pending, Tasks{b});
    const auto second = co_await wait(b, c, FIRST_COMPLETED);
    EXPECT_EQ(f_.ms(), 20);
    EXPECT_EQ(second.done, std::vector<AnyTask>{c});
    EXPECT_EQ(second.pending, std::vector<AnyTask>{b});
    const auto third = co_await wait(a, b, 5ms);
    EXPECT_EQ(f_.ms(), 25);
    EXPECT_EQ(third.pending, Tasks{b});
    const auto fourth = co_await wait(b, 1s, FIRST_EXCEPTION);
    EXPECT_EQ(f_.ms(), 30);
    EXPECT_EQ(fourth.done, Tasks{b});
    EXPECT_EQ((co_await wait(a, b)).done, tasks);
  };
  run(body());
}

TEST_F(WaitTest, WaitDuplicateFutures) {
  const auto task = start(later(10ms, 1)), other = start(later(20ms, 2));
  const auto [done, pending] = run(wait(Tasks{task, other, task}, 15ms));
  EXPECT_EQ(done, Tasks{task});
  EXPECT_EQ(pending, Tasks{other});
}

TEST_F(WaitTest, WaitErrors) { EXPECT_THROW(run(wait(Tasks())), ValueError); }

TEST_F(WaitTest, OfAnotherLoop) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  const std::vector futures{make<int>(), create_future<int>(other.loop)};
  EXPECT_THROW(run(wait(futures)), ValueError);
  futures[0].set_result(1);
}

TEST_F(WaitTest, WaitFirstCompleted) {
  const auto slow = start(later(10s, 1)), fast = start(later(100ms, 2));
  const auto [done, pending] =
      run(wait(Tasks{slow, fast}, {}, FIRST_COMPLETED));
  EXPECT_EQ(done, Tasks{fast});
  EXPECT_EQ(pending, Tasks{slow});
  EXPECT_EQ(f_.ms(), 100);
}

TEST_F(WaitTest, WaitReallyDone) {
  const auto a = start(later(0ms, 1)), b = start(later(0ms, 2));
  const auto [done, pending] = run(wait(Tasks{a, b}, {}, FIRST_COMPLETED));
  EXPECT_EQ(done, (Tasks{a, b})) << "those of the same iteration";
  EXPECT_TRUE(pending.empty());
}

TEST_F(WaitTest, WaitFirstException) {
  const auto fails = start(fail(0ms)), slow = start(later(10s, 1));
  const auto [done, pending] =
      run(wait(Tasks{fails, slow}, {}, FIRST_EXCEPTION));
  EXPECT_EQ(done, Tasks{fails});
  EXPECT_EQ(pending, Tasks{slow});
  EXPECT_EQ(f_.ms(), 0);
}

TEST_F(WaitTest, WaitFirstExceptionThereIsNone) {
  const auto a = start(later(10ms, 1)), b = start(later(20ms, 2));
  a.cancel();  // Is none.
  const auto [done, pending] = run(wait(Tasks{a, b}, {}, FIRST_EXCEPTION));
  EXPECT_EQ(done, (Tasks{a, b}));
  EXPECT_EQ(f_.ms(), 20);
}

TEST_F(WaitTest, WaitFirstExceptionInWait) {
  const auto slow = start(later(10s, 1)), fails = start(fail(10ms));
  const auto [done, pending] =
      run(wait(Tasks{slow, fails}, 1s, FIRST_EXCEPTION));
  EXPECT_EQ(done, Tasks{fails});
  EXPECT_EQ(f_.ms(), 10);
}

TEST_F(WaitTest, WaitWithException) {
  const auto a = start(later(100ms, 1)), fails = start(fail(150ms));
  const auto [done, pending] = run(wait(Tasks{a, fails}));
  EXPECT_EQ(done, (Tasks{a, fails}));
  EXPECT_THROW(fails.result(), Mistake) << "it did not throw in wait()";
}

// wait() has not asked for it, so somebody else has to.
TEST_F(WaitTest, ExceptionThatNobodyAsksFor) {
  run(wait(Tasks{start(fail(1ms))}));
  const auto errors = f_.take_errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].message, "Task exception was never retrieved");
}

TEST_F(WaitTest, WaitWithTimeout) {
  const auto a = start(later(100ms, 1)), b = start(later(150ms, 2));
  const auto [done, pending] = run(wait(Tasks{a, b}, 110ms));
  EXPECT_EQ(done, Tasks{a});
  EXPECT_EQ(pending, Tasks{b});
  EXPECT_EQ(f_.ms(), 110);
  EXPECT_FALSE(b.done()) << "it is not cancelled";
}

TEST_F(WaitTest, WaitConcurrentComplete) {
  const auto a = start(later(100ms, 1)), b = start(later(150ms, 2));
  const auto [done, pending] = run(wait(Tasks{a, b}, 100ms));
  EXPECT_EQ(done, Tasks{a});
  EXPECT_EQ(pending, Tasks{b});
}

TEST_F(WaitTest, TimeoutOfZero) {
  const auto ready = start(later(10ms, 1));
  const auto future = make<int>();
  future.set_result(1);
  const auto pending = run(wait(Tasks{ready}, 0ms)).pending;
  EXPECT_EQ(pending, Tasks{ready});
  EXPECT_EQ(run(wait(std::vector{future}, 0ms)).done.size(), 1u);
  EXPECT_EQ(f_.ms(), 0);
}

TEST_F(WaitTest, TasksOfSeveralTypes) {
  const auto name = [](std::string result) -> Coroutine<std::string> {
    co_await sleep(20ms);
    co_return result;
  };
  const auto a = start(later(10ms, 1));
  const auto b = start(name("b"));
  std::vector<AnyTask> tasks;
  tasks.push_back(a);
  tasks.push_back(b);
  const auto [done, pending] = run(wait(tasks, {}, FIRST_COMPLETED));
  EXPECT_TRUE(done.at(0) == AnyTask(a));
  EXPECT_TRUE(pending.at(0) == AnyTask(b));
}

// ---- Cancelling ----

TEST_F(WaitTest, CancelsNothing) {
  const auto task = start(later(100ms, 1));
  const auto waits = start(wait(Tasks{task}, 50ms));
  f_.turn(2);
  waits.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(waits); }), "enough");
  EXPECT_FALSE(task.done());
  EXPECT_EQ(run_until_complete(task), 1);
}

TEST_F(WaitTest, R103_CancelledWhenOneIsDone) {
  const auto future = make<int>();
  const auto waits = start(wait(std::vector{future}));
  f_.turn();
  future.set_result(1);
  waits.cancel();
  f_.turn();
  EXPECT_TRUE(waits.cancelled());
}

// Neither the future nor the timer knows of it any more.
TEST_F(WaitTest, NothingIsLeftBehind) {
  const auto future = make<int>();
  run(wait(std::vector{future}, 1ms));
  const auto cancelled = start(wait(std::vector{future}, 1s));
  f_.turn();
  cancelled.cancel();
  f_.turn(2);
  future.set_result(1);
  run(wait(std::vector{future}, 1s));
  EXPECT_THROW(f_.loop.run_once(), std::logic_error) << "there is a timer";
  EXPECT_EQ(f_.ms(), 1);
}

TEST_F(WaitTest, ClosedLoopWhilePending) {
  const auto future = make<int>();
  const auto task = start(later(1h, 1));
  start(wait(std::vector{future}, 1s));
  start(wait(Tasks{task}));
  f_.turn(2);
  f_.loop.close();
  future.set_result(1);
  EXPECT_EQ(f_.take_errors().size(), 3u);
}

TEST_F(WaitTest, TellsWhatItWaitsFor) {
  const auto a = make<int>(), b = make<int>();
  const auto waits = start(wait(std::vector{a, b}));
  a.set_result(1);
  f_.turn();
  std::vector<FutureCore*> awaited;
  AnyTask(waits).core().awaited_future()->for_each_awaited(
      [&](FutureCore& future) { awaited.push_back(&future); });
  EXPECT_EQ(awaited, (std::vector<FutureCore*>{&b.state()}));
  b.set_result(2);
}

}  // namespace
}  // namespace loop
