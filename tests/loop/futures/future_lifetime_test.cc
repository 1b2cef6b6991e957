// Who keeps a future alive, what it leaves behind, and what becomes of it when
// its loop is no more or another thread uses it.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/futures/future.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class FutureLifetime : public FutureTest {
 protected:
  ~FutureLifetime() override { EXPECT_EQ(Counted::alive, 0); }
};

TEST_F(FutureLifetime, ResultDiesWithTheLastHandle) {
  auto future = std::make_optional(make<Counted>());
  EXPECT_EQ(Counted::alive, 0);
  future->set_result(Counted());
  EXPECT_EQ(Counted::alive, 1);
  auto copy = future;
  future.reset();
  EXPECT_EQ(Counted::alive, 1);
  copy.reset();
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(FutureLifetime, Assignment) {
  auto a = make<Counted>();
  auto b = make<Counted>();
  a.set_result(Counted());
  b.set_result(Counted());
  const auto& same = a;
  a = same;
  EXPECT_EQ(Counted::alive, 2);
  a = b;
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_EQ(a, b);
  const auto c = std::move(a);
  a = make<Counted>();
  EXPECT_EQ(c, b);
  EXPECT_NE(a, b);
  b = std::move(a);
  EXPECT_FALSE(b.done());
}

TEST_F(FutureLifetime, CallbacksOfAPendingOneDieWithIt) {
  auto future = std::make_optional(make<int>());
  future->add_done_callback([counted = Counted()] {});
  EXPECT_EQ(Counted::alive, 1);
  future.reset();
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(FutureLifetime, CallbackDiesOnceItHasRun) {
  const auto future = make<int>();
  future.add_done_callback([counted = Counted()] {});
  future.set_result(1);
  EXPECT_EQ(Counted::alive, 1);
  f_.turn();
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(FutureLifetime, RemovedCallbackDiesAtOnce) {
  const auto future = make<int>();
  const auto id = future.add_done_callback([counted = Counted()] {});
  future.remove_done_callback(id);
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(FutureLifetime, ScheduledCallbacksKeepItAlive) {
  int calls = 0;
  {
    const auto future = make<Counted>();
    future.add_done_callback([&](const Future<Counted>& self) {
      EXPECT_EQ(Counted::alive, 1);
      self.result();
      ++calls;
    });
    future.set_result(Counted());
  }
  EXPECT_EQ(Counted::alive, 1);
  f_.turn();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(FutureLifetime, CallbackThatHoldsItsOwnFuture) {
  std::optional<Future<Counted>> outer = make<Counted>();
  outer->add_done_callback([&, self = *outer, counted = Counted()] {
    EXPECT_TRUE(self.done());
    outer.reset();
  });
  outer->set_result(Counted());
  EXPECT_EQ(Counted::alive, 2);
  f_.turn();
  EXPECT_EQ(Counted::alive, 0);
}

// ---- A loop that is no more ----

TEST_F(FutureLifetime, OutlivesAClosedLoop) {
  const auto future = make<int>();
  bool called = false;
  future.add_done_callback([&, counted = Counted()] { called = true; });
  f_.loop.close();
  EXPECT_THROW(future.get_loop(), RuntimeError);
  EXPECT_EQ(Counted::alive, 1);
  future.set_result(42);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(future.result(), 42);
  future.add_done_callback([&, counted = Counted()] { called = true; });
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_FALSE(called);
}

TEST_F(FutureLifetime, OutlivesADestroyedLoop) {
  auto loop = std::make_unique<EventLoop>();
  const auto future = create_future<int>(*loop);
  const auto cancelled = create_future<int>(*loop);
  future.add_done_callback([counted = Counted()] {});
  loop.reset();
  // Another one may stand where it was, and is not meant.
  EventLoop next;
  EXPECT_THROW(future.get_loop(), RuntimeError);
  future.set_result(42);
  EXPECT_EQ(future.result(), 42);
  EXPECT_TRUE(cancelled.cancel());
}

TEST_F(FutureLifetime, CallbacksScheduledWhenItsLoopCloses) {
  bool called = false;
  {
    const auto future = make<Counted>();
    future.add_done_callback([&] { called = true; });
    future.set_result(Counted());
  }
  EXPECT_EQ(Counted::alive, 1);
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_FALSE(called);
}

// What dies with the loop may set a result that others wait for.
TEST_F(FutureLifetime, SetWhileItsLoopCloses) {
  const auto future = make<int>();
  bool called = false;
  future.add_done_callback([&, counted = Counted()] { called = true; });
  f_.loop.call_soon([dying = at_destruction([&] { future.set_result(1); })] {});
  f_.loop.close();
  EXPECT_EQ(future.result(), 1);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_FALSE(called);
}

TEST_F(FutureLifetime, MadeOfAClosedLoop) {
  f_.loop.close();
  const auto future = make<int>();
  future.set_result(1);
  EXPECT_EQ(future.result(), 1);
}

// ---- Another thread ----

// Calls it in another thread while the loop runs.
void in_thread_while_running(FakeTimeLoop& f,
                             const std::function<void()>& function) {
  bool ran = false;
  f.loop.call_soon([&] {
    std::thread(function).join();
    ran = true;
  });
  f.turn();
  EXPECT_TRUE(ran);
}

TEST_F(FutureLifetime, R109_WrongThreadInDebugMode) {
  const auto future = make<int>();
  bool called = false;
  const auto id = future.add_done_callback([&] { called = true; });
  f_.loop.set_debug(true);
  const auto text = [](auto function) -> std::string {
    try {
      function();
    } catch (const RuntimeError& error) {
      return error.what();
    }
    return "not refused";
  };
  in_thread_while_running(f_, [&] {
    EXPECT_TRUE(contains(text([&] { future.set_result(1); }), "set_result"));
    EXPECT_TRUE(contains(text([&] { future.set_exception(Mistake("")); }),
                         "set_exception"));
    EXPECT_TRUE(contains(text([&] { future.cancel(); }), "cancel"));
    EXPECT_TRUE(contains(text([&] { future.add_done_callback([] {}); }),
                         "add_done_callback"));
    EXPECT_TRUE(contains(text([&] { future.remove_done_callback(id); }),
                         "remove_done_callback"));
  });
  EXPECT_FALSE(future.done());
  future.set_result(1);  // From the right one.
  f_.turn();
  EXPECT_TRUE(called);
}

// ---- Wrong threads ----

// In debug mode each is refused in another thread while the loop runs, also a
// copy, which counts without atomic operations.
TEST(FutureThreads, WhatAWrongThreadDoesIsRefusedInDebugMode) {
  EventLoop loop;
  loop.set_debug(true);
  const Future<int> future(loop);
  const Future<int> done(loop);
  done.set_result(1);
  int refused = 0;
  const auto refuse = [&refused](auto function) {
    try {
      function();
    } catch (const RuntimeError&) {
      ++refused;
    }
  };
  loop.call_soon([&] {
    std::thread([&] {
      refuse([&] { const Future<int> copy = future; });
      refuse([&] { future.set_result(1); });
      refuse([&] { future.set_exception(Mistake("")); });
      refuse([&] { future.cancel(); });
      refuse([&] { future.add_done_callback([] {}); });
      refuse([&] { done.result(); });
      refuse([&] { done.exception(); });
    }).join();
  });
  loop.run_once(0s);
  EXPECT_EQ(refused, 7);
  std::thread([&] { const Future<int> copy = future; }).join();
}

}  // namespace
}  // namespace loop
