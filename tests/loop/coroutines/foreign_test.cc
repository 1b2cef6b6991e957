// Awaiting awaitables of other libraries.

#include <gtest/gtest.h>

#include <coroutine>
#include <memory>
#include <string>
#include <utility>

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

// Resumes whoever awaits it after a while; it knows nothing of tasks.
class Alarm {
 public:
  Alarm(EventLoop& event_loop, std::string text)
      : event_loop_(event_loop), text_(std::move(text)) {}

  bool await_ready() const { return text_ == "ready"; }
  void await_suspend(std::coroutine_handle<> handle) {
    event_loop_.call_later(10ms, [handle] { handle.resume(); });
  }
  std::unique_ptr<std::string> await_resume() {
    if (text_ == "broken") throw Mistake("it is broken");
    return std::make_unique<std::string>(text_);
  }

 private:
  EventLoop& event_loop_;
  std::string text_;
  Counted counted_;
};

class ForeignTest : public CoroutineTest {
 protected:
  Coroutine<std::string> wait_for(std::string text) {
    const auto heard = co_await Alarm(f_.loop, text);
    EXPECT_EQ(current_task().get_name(), "Task-1");
    co_return *heard;
  }
};

TEST_F(ForeignTest, GoesOnAsAStepOfItsTask) {
  EXPECT_EQ(run(wait_for("wake up")), "wake up");
  EXPECT_EQ(f_.ms(), 10);
}

TEST_F(ForeignTest, ThatIsReady) {
  EXPECT_EQ(run(wait_for("ready")), "ready");
  EXPECT_EQ(f_.ms(), 0);
}

TEST_F(ForeignTest, Exception) {
  EXPECT_THROW(run(wait_for("broken")), Mistake);
}

TEST_F(ForeignTest, Void) {
  const auto work = []() -> Coroutine<int> {
    co_await std::suspend_never();
    co_return 42;
  };
  EXPECT_EQ(run(work()), 42);
}

TEST_F(ForeignTest, CallerOfWhoAwaitsIt) {
  const auto outer = [&]() -> Coroutine<std::string> {
    co_return "it said " + co_await wait_for("wake up");
  };
  EXPECT_EQ(run(outer()), "it said wake up");
}

// It cannot be told, and resumes what awaits it all the same.
TEST_F(ForeignTest, Cancelled) {
  const auto task = start(wait_for("too late"));
  f_.turn();
  task.cancel("enough");
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "enough");
  EXPECT_EQ(Counted::alive, 1);
  f_.run_for(10ms);
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(ForeignTest, OneThatIsKeptElsewhere) {
  Alarm alarm(f_.loop, "wake up");
  const auto work = [&]() -> Coroutine<std::string> {
    co_return *co_await alarm;
  };
  EXPECT_EQ(run(work()), "wake up");
  EXPECT_EQ(Counted::alive, 1);
}

TEST_F(ForeignTest, AsATask) {
  const auto work = [&]() -> Coroutine<std::string> {
    co_return *co_await create_task(Alarm(f_.loop, "wake up"));
  };
  EXPECT_EQ(run(work()), "wake up");
}

}  // namespace
}  // namespace loop
