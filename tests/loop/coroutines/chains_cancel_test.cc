// Cancelling tasks that await one another, however deep: the stack does not
// grow with the depth, and the work grows linearly.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/source_location.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/coroutines/stack_probe.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

constexpr int kDeep = 5'000;

// Counts the requests that reach it, and notes how deep in the stack they are.
class Bottom final : public FutureState<void> {
 public:
  using FutureState<void>::FutureState;

  bool cancel(std::string message) override {
    ++requests;
    probe.note();
    return FutureCore::cancel(std::move(message));
  }

  int requests = 0;
  StackProbe probe;
};

Coroutine<> await_it(Future<void> inner) { co_await inner; }
Coroutine<> gather_it(Future<void> inner) { co_await gather(inner); }
Coroutine<> wait_for_it(Future<void> inner) { co_await wait_for(inner, 1h); }
Coroutine<> group_it(Future<void> inner) {
  TaskGroup group;
  co_await group.run(await_it(inner));
}

using Link = Coroutine<> (*)(Future<void>);

class ChainsCancelTest : public CoroutineTest {
 protected:
  // A chain of tasks, each of which awaits the one before in one of these ways.
  void build(const std::vector<Link>& links, int depth) {
    Future<void> last(Reference<FutureState<void>>(bottom_.get()));
    for (int i = 0; i < depth; ++i) {
      const Link link = links[static_cast<std::size_t>(i) % links.size()];
      tasks_.push_back(start(link(last)));
      last = tasks_.back();
    }
    f_.turn(2);
  }

  void expect_all_cancelled() {
    EXPECT_THROW(run_until_complete(tasks_.back()), CancelledError);
    int cancelled = 0;
    for (const auto& task : tasks_) cancelled += task.cancelled();
    EXPECT_EQ(cancelled, static_cast<int>(tasks_.size()));
    EXPECT_LT(bottom_->probe.used(), kStackForChains);
    // As many times as a walk may go over the same tasks, and not once for each
    // task of the chain.
    EXPECT_LE(bottom_->requests, 40);
  }

  const Reference<Bottom> bottom_{
      new Bottom(f_.loop, SourceLocation::current())};
  std::vector<Task<>> tasks_;
};

const std::vector<std::pair<std::string, std::vector<Link>>> kChains{
    {"await", {await_it}},
    {"gather", {gather_it}},
    {"wait_for", {wait_for_it}},
    {"TaskGroup", {group_it}},
    {"all of them", {await_it, gather_it, wait_for_it, group_it}},
};

class ChainsOfAnyKind : public ChainsCancelTest,
                        public ::testing::WithParamInterface<int> {
 protected:
  ChainsOfAnyKind() {
    const auto& [name, links] = kChains[static_cast<std::size_t>(GetParam())];
    SCOPED_TRACE(name);
    build(links, kDeep);
  }
};

TEST_P(ChainsOfAnyKind, TheLastIsCancelled) {
  EXPECT_TRUE(tasks_.back().cancel("all"));
  EXPECT_EQ(bottom_->requests, 1);
  EXPECT_EQ(tasks_.front().cancelling(), 1);
  expect_all_cancelled();
}

TEST_P(ChainsOfAnyKind, AllAreCancelledFromTheFirst) {
  for (const auto& task : tasks_) task.cancel();
  expect_all_cancelled();
}

TEST_P(ChainsOfAnyKind, AllAreCancelledFromTheLast) {
  for (auto task = tasks_.rbegin(); task != tasks_.rend(); ++task) {
    task->cancel();
  }
  expect_all_cancelled();
}

INSTANTIATE_TEST_SUITE_P(Links, ChainsOfAnyKind,
                         ::testing::Range(0, static_cast<int>(kChains.size())));

// A task that has to cancel its first wait walks down, too.
TEST_F(ChainsCancelTest, TheTaskThatAwaitsTheLastWasCancelledBefore) {
  build({await_it}, kDeep);
  const auto body = [&]() -> Coroutine<> {
    current_task().cancel("before");
    co_await tasks_.back();
  };
  const auto task = start(body());
  f_.turn();
  EXPECT_EQ(bottom_->requests, 1);
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "before");
  expect_all_cancelled();
}

TEST_F(ChainsCancelTest, AGroupOfThemIsAborted) {
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    Future<void> last(Reference<FutureState<void>>(bottom_.get()));
    for (int i = 0; i < kDeep; ++i) {
      tasks_.push_back(group.create_task(await_it(last)));
      last = tasks_.back();
    }
    co_await sleep(1ms);
    throw Mistake("enough");
  };
  TaskGroup group;
  EXPECT_ANY_THROW(run(group.run(body(group))));
  expect_all_cancelled();
}

// Each of n tasks awaits one gather() of all n futures.
TEST_F(ChainsCancelTest, ManyTasksAwaitOneGather) {
  constexpr int kMany = 1'000;
  std::vector<Future<void>> futures;
  for (int i = 0; i < kMany; ++i) futures.push_back(make<void>());
  futures.emplace_back(Reference<FutureState<void>>(bottom_.get()));
  const auto gathered = gather(futures);
  const auto body = [&]() -> Coroutine<> { co_await gathered; };
  for (int i = 0; i < kMany; ++i) tasks_.push_back(start(body()));
  f_.turn();
  for (const auto& task : tasks_) task.cancel();
  EXPECT_EQ(bottom_->requests, 1);
  f_.turn(4);
  expect_all_cancelled();
}

// ---- What cancelling() counts ----

// As in asyncio: a request counts for all that are awaited, and so each of the
// chain's tasks has those of the tasks that await it.
TEST_F(ChainsCancelTest, RequestsCountForAllThatAreAwaited) {
  build({await_it, gather_it}, 10);
  for (const auto& task : tasks_) task.cancel();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(tasks_[static_cast<std::size_t>(i)].cancelling(), 10 - i);
  }
  expect_all_cancelled();
}

// Differs from Python, where it counts all of them.
TEST_F(ChainsCancelTest, FurtherRequestsCountForTheNearest32) {
  build({await_it}, 100);
  tasks_.back().cancel();
  tasks_.back().cancel();
  EXPECT_EQ(tasks_[99].cancelling(), 2);
  EXPECT_EQ(tasks_[68].cancelling(), 2);
  EXPECT_EQ(tasks_[50].cancelling(), 1);
  EXPECT_EQ(tasks_[0].cancelling(), 1);
  expect_all_cancelled();
}

// A task that has run waits for something new.
TEST_F(ChainsCancelTest, ARequestAfterATaskHasRunReachesAll) {
  const auto next = make<void>();
  const auto refuse = [&](Future<void> future) -> Coroutine<> {
    try {
      co_await future;
    } catch (const CancelledError&) {
    }
    co_await next;
  };
  Future<void> last(Reference<FutureState<void>>(bottom_.get()));
  tasks_.push_back(start(refuse(last)));
  last = tasks_.back();
  for (int i = 0; i < 100; ++i) {
    tasks_.push_back(start(await_it(last)));
    last = tasks_.back();
  }
  f_.turn();
  tasks_.back().cancel();
  f_.turn();
  EXPECT_FALSE(next.done());
  tasks_.back().cancel();
  EXPECT_TRUE(next.cancelled());
  EXPECT_EQ(tasks_.front().cancelling(), 2);
  expect_all_cancelled();
}

// A request that was taken back can be made again.
TEST_F(ChainsCancelTest, ARequestAfterUncancelReachesAll) {
  const auto idle = []() -> Coroutine<> { co_await sleep(0s); };
  tasks_.push_back(start(idle()));  // Has not begun.
  for (int i = 0; i < 100; ++i) {
    tasks_.push_back(start(await_it(tasks_.back())));
  }
  f_.loop.call_soon([&] {
    tasks_.back().cancel();
    EXPECT_EQ(tasks_.front().cancelling(), 1);
    tasks_.front().uncancel();
    tasks_.back().cancel();
    EXPECT_EQ(tasks_.front().cancelling(), 1);
  });
  f_.turn();
  expect_all_cancelled();
}

}  // namespace
}  // namespace loop
