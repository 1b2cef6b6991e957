// Where the handlers live that run again and again.

#include "loop/callbacks/handler_pool.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "tests/support/allocations.h"

namespace loop {
namespace {

class HandlerPoolTest : public ::testing::Test {
 protected:
  Handler& add(Callback callback) {
    return pool_.add(std::move(callback), SourceLocation::current());
  }
  void run(Handler& handler) {
    pool_.run(handler, [](Scheduled& scheduled) { scheduled.callback(); });
  }

  HandlerPool pool_;
};

TEST_F(HandlerPoolTest, RunsAgainAndAgain) {
  int calls = 0;
  Handler& handler = add([&calls] { ++calls; });
  for (int i = 0; i < 3; ++i) run(handler);
  EXPECT_EQ(calls, 3);
}

// Each has a place of its own, whichever was made first.
TEST_F(HandlerPoolTest, ACopyThatAddsAnother) {
  struct AddsAnother {
    explicit AddsAnother(HandlerPool& p) : pool(p) {}
    AddsAnother(const AddsAnother& other)
        : pool(other.pool), depth(other.depth) {
      if (++depth == 1) pool.add([] {}, SourceLocation::current());
    }
    void operator()() const {}
    HandlerPool& pool;
    int depth = 0;
  };
  const AddsAnother callback(pool_);
  Handler& one = pool_.add(callback, SourceLocation::current());
  Handler& two = add([] {});
  EXPECT_NE(&one, &two);
  run(one);
  run(two);
  pool_.remove(&one);
  pool_.remove(&two);
}

TEST_F(HandlerPoolTest, NullptrIsFine) { pool_.remove(nullptr); }

TEST_F(HandlerPoolTest, RemoveDestroysAtOnce) {
  const auto alive = std::make_shared<int>();
  Handler& handler = add([alive] {});
  EXPECT_EQ(alive.use_count(), 2);
  pool_.remove(&handler);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(HandlerPoolTest, OneThatRunsIsDestroyedWhenItReturns) {
  const auto alive = std::make_shared<int>();
  Handler* handler = nullptr;
  handler = &add([&handler, this, alive] {
    pool_.remove(handler);
    EXPECT_EQ(alive.use_count(), 2);
  });
  run(*handler);
  EXPECT_EQ(alive.use_count(), 1);
}

// Its place is not given to another before it returns.
TEST_F(HandlerPoolTest, OneThatReplacesItself) {
  int calls = 0;
  Handler* handler = nullptr;
  handler = &add([&, this] {
    Handler* const old = handler;
    handler = &add([&calls] { calls += 10; });
    EXPECT_NE(handler, old);
    pool_.remove(old);
    Handler& third = add([] {});
    EXPECT_NE(&third, old);
    ++calls;
  });
  run(*handler);
  run(*handler);
  EXPECT_EQ(calls, 11);
}

TEST_F(HandlerPoolTest, OneThatRemovesAnother) {
  const auto alive = std::make_shared<int>();
  Handler& other = add([alive] {});
  bool last = false;
  Handler& handler = add([&, this] {
    pool_.remove(&other);
    last = alive.use_count() == 1;
  });
  run(handler);
  EXPECT_TRUE(last);
  EXPECT_TRUE(handler.scheduled.callback);
}

TEST_F(HandlerPoolTest, WhatDiesMayAddAndRemove) {
  int calls = 0;
  Handler* added = nullptr;
  Handler& other = add([] {});
  std::shared_ptr<void> at_death(nullptr, [&, this](void*) {
    pool_.remove(&other);
    added = &add([&calls] { ++calls; });
  });
  Handler& handler = add([at_death = std::move(at_death)] {});
  pool_.remove(&handler);
  ASSERT_NE(added, nullptr);
  run(*added);
  EXPECT_EQ(calls, 1);
}

TEST_F(HandlerPoolTest, WhatIsAddedWaitsForTheNextTurn) {
  Handler& first = add([] {});
  pool_.begin_iteration();
  EXPECT_TRUE(pool_.runs_in_this_iteration(first));
  Handler& second = add([] {});
  EXPECT_FALSE(pool_.runs_in_this_iteration(second));
  pool_.begin_iteration();
  EXPECT_TRUE(pool_.runs_in_this_iteration(second));
}

// A place that is used again does not remember when the one before came.
TEST_F(HandlerPoolTest, TheTurnIsThatOfTheHandlerNotOfThePlace) {
  Handler& first = add([] {});
  pool_.begin_iteration();
  pool_.remove(&first);
  EXPECT_FALSE(pool_.runs_in_this_iteration(add([] {})));
}

TEST_F(HandlerPoolTest, HandlersNeverMove) {
  std::vector<Handler*> handlers;
  std::vector<int> calls(1000);
  for (int& call : calls) handlers.push_back(&add([&call] { ++call; }));
  for (Handler* const handler : handlers) run(*handler);
  EXPECT_EQ(calls, std::vector<int>(1000, 1));
}

TEST_F(HandlerPoolTest, NothingIsAllocatedOnceWarm) {
  std::vector<Handler*> handlers(100);
  const auto round = [&] {
    for (Handler*& handler : handlers) handler = &add([] {});
    for (Handler* const handler : handlers) pool_.remove(handler);
  };
  round();
  const auto before = tests::allocations();
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(tests::allocations(), before);
}

}  // namespace
}  // namespace loop
