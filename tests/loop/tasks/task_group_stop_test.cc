// TaskGroup::cancel(): after CPython 3.15's test_taskgroups.py, whose
// test_taskgroup_cancel_* these are (gh-108951).

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "loop/tasks/timeout.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/loop/tasks/task_group_fixture.h"

namespace loop {
namespace {

class TaskGroupsStopTest : public TaskGroupsTest {
 protected:
  using Log = std::vector<std::string>;

  // Runs `body` in `group`, and logs how that ends.
  static Coroutine<> run_in(TaskGroup& group, Coroutine<> body, Log& log) {
    try {
      co_await group.run(std::move(body));
      log.push_back("left");
    } catch (const ExceptionGroup& error) {
      for (const std::string& text : texts_of(error)) log.push_back(text);
    } catch (const CancelledError&) {
      log.push_back("cancelled");
      throw;
    }
    EXPECT_EQ(current_task().cancelling(), 0);
  }

  static Coroutine<> note_after(std::chrono::milliseconds delay, Log& log) {
    co_await sleep(delay);
    log.push_back("done");
  }

  // Cleans up for 100 ms when it is cancelled.
  static Coroutine<> clean_up(Log& log, std::string failure = "") {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      log.push_back("cleaning");
    }
    co_await sleep(100ms);
    log.push_back("clean");
    if (!failure.empty()) throw Mistake(failure);
  }

  TaskGroup group_;
  Log log_;
};

TEST_F(TaskGroupsStopTest, CancelChildren) {
  int cancelled = 0;
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(count_cancelled(cancelled));
    group_.create_task(count_cancelled(cancelled));
    co_await sleep(1ms);
    group_.cancel();
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(cancelled, 2);
  EXPECT_EQ(log_, Log{"left"});
  EXPECT_EQ(f_.ms(), 1);
}

// The body may ignore the request.
TEST_F(TaskGroupsStopTest, CancelBody) {
  const auto waits = [&]() -> Coroutine<> {
    group_.cancel();
    log_.push_back("goes on");
    co_await sleep(1h);
    log_.push_back("not cancelled");
  };
  const auto returns = [&]() -> Coroutine<> {
    group_.cancel();
    co_return;
  };
  const auto catches = [&]() -> Coroutine<> {
    group_.cancel();
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_await sleep(1ms);
    log_.push_back("caught");
  };
  const auto throws = [&]() -> Coroutine<> {
    group_.cancel();
    throw CancelledError("its own");
    co_return;
  };
  const std::vector<std::pair<std::function<Coroutine<>()>, Log>> table{
      {waits, {"goes on", "left"}},
      {returns, {"left"}},
      {catches, {"caught", "left"}},
      {throws, {"left"}},
  };
  for (const auto& [body, log] : table) {
    std::destroy_at(&group_);
    std::construct_at(&group_);
    log_.clear();
    run(run_in(group_, body(), log_));
    EXPECT_EQ(log_, log);
  }
}

TEST_F(TaskGroupsStopTest, CancelFromAMemberCancelsThatToo) {
  const auto member = [&]() -> Coroutine<> {
    co_await sleep(1ms);
    group_.cancel();
    log_.push_back("goes on");
    co_await sleep(1h);
    log_.push_back("not cancelled");
  };
  int cancelled = 0;
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(member());
    group_.create_task(count_cancelled(cancelled));
    co_await sleep(1h);
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, (Log{"goes on", "left"}));
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(f_.ms(), 1);
}

TEST_F(TaskGroupsStopTest, CancelIdempotent) {
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(clean_up(log_));
    co_await sleep(1ms);
    group_.cancel();
    group_.cancel();
    EXPECT_EQ(current_task().cancelling(), 1);
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, (Log{"cleaning", "clean", "left"}));
}

TEST_F(TaskGroupsStopTest, CancelAfterExit) {
  const auto main = [&]() -> Coroutine<> {
    co_await group_.run(nothing());
    group_.cancel();
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await sleep(1ms);
  };
  run(main());
}

TEST_F(TaskGroupsStopTest, CancelAfterTheLoopWasClosed) {
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(answer_after(1h, 1));
    co_await sleep(1h);
  };
  start(run_in(group_, body(), log_));
  f_.turn(2);
  f_.loop.close();
  f_.take_errors();
  group_.cancel();
  EXPECT_EQ(log_, Log());
}

TEST_F(TaskGroupsStopTest, CancelBeforeEnter) {
  group_.cancel();
  const auto body = [&]() -> Coroutine<> {
    log_.push_back("body");
    EXPECT_THROW(group_.create_task(nothing()), RuntimeError);
    co_await sleep(1h);
    log_.push_back("not cancelled");
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, (Log{"body", "left"}));
}

// The body has ended, and the group waits.
TEST_F(TaskGroupsStopTest, CancelBeforeExit) {
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(clean_up(log_));
    co_return;
  };
  f_.loop.call_later(1ms, [&] { group_.cancel(); });
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, (Log{"cleaning", "clean", "left"}));
  EXPECT_EQ(f_.ms(), 101);
}

TEST_F(TaskGroupsStopTest, CreateTaskAfterCancelIsRefused) {
  const auto body = [&]() -> Coroutine<> {
    group_.cancel();
    try {
      group_.create_task(note_after(1ms, log_));
    } catch (const RuntimeError& error) {
      log_.push_back(error.what());
    }
    co_return;
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, (Log{"TaskGroup is shutting down", "left"}));
}

TEST_F(TaskGroupsStopTest, MemberThatHasNotBegunNeverBegins) {
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(clean_up(log_));
    group_.cancel();
    co_return;
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, Log{"left"});
}

// test_taskgroup_cancel_before_exception
TEST_F(TaskGroupsStopTest, WhatFailsIsThrownAllTheSame) {
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(clean_up(log_, "member"));
    co_await sleep(1ms);
    group_.cancel();
    throw Mistake("body");
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, (Log{"cleaning", "clean", "member", "body"}));
}

TEST_F(TaskGroupsStopTest, OuterGroupDoesNotNotice) {
  TaskGroup inner;
  const auto inner_body = [&]() -> Coroutine<> {
    inner.cancel();
    co_await sleep(1h);
  };
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(note_after(2ms, log_));
    co_await run_in(inner, inner_body(), log_);
    co_await sleep(1ms);
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, (Log{"left", "done", "left"}));
}

// ---- The result of the body ----

TEST_F(TaskGroupsStopTest, BodyThatGotToItsEndHasItsResult) {
  const auto body = [&]() -> Coroutine<int> {
    group_.create_task(answer_after(1h, 0));
    group_.cancel();
    co_return 7;
  };
  EXPECT_EQ(run(group_.run(body())), 7);
}

TEST_F(TaskGroupsStopTest, BodyThatDidNotHasNone) {
  const auto body = [&]() -> Coroutine<int> {
    group_.cancel();
    co_await sleep(1h);
    co_return 7;
  };
  const auto main = [&]() -> Coroutine<> {
    bool cancelled = false;
    try {
      co_await group_.run(body());
    } catch (const CancelledError&) {
      cancelled = true;
    }
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

// ---- Requests from outside (gh-155433) ----

TEST_F(TaskGroupsStopTest, RequestFromOutsideBeforeIsNotLost) {
  const auto body = [&]() -> Coroutine<> {
    current_task().cancel();
    group_.cancel();
    co_await sleep(1h);
  };
  const auto task = start(run_in(group_, body(), log_));
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_EQ(log_, Log{"cancelled"});
}

TEST_F(TaskGroupsStopTest, RequestFromOutsideWhileItWindsUpIsNotLost) {
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(clean_up(log_));
    co_await sleep(1ms);
    group_.cancel();
    co_await sleep(1h);
  };
  const auto task = start(run_in(group_, body(), log_));
  f_.loop.call_later(50ms, [&] { task.cancel(); });
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_EQ(log_, (Log{"cleaning", "clean", "cancelled"}));
  EXPECT_EQ(f_.ms(), 101);
}

TEST_F(TaskGroupsStopTest, TimeoutAroundAGroupThatWindsUp) {
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(clean_up(log_));
    co_await sleep(1ms);
    group_.cancel();
  };
  const auto main = [&]() -> Coroutine<> {
    co_await timeout(50ms).run(group_.run(body()));
  };
  EXPECT_THROW(run(main()), TimeoutError);
  EXPECT_EQ(log_, (Log{"cleaning", "clean"}));
}

TEST_F(TaskGroupsStopTest, ErrorsAndARequestFromOutside) {
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(clean_up(log_));
    co_await sleep(1ms);
    throw Mistake("body");
  };
  const auto task = start(group_.run(body()));
  f_.loop.call_later(50ms, [&] { task.cancel(); });
  EXPECT_EQ(errors_of([&] { run_until_complete(task); }), Texts{"body"});
  EXPECT_EQ(task.cancelling(), 1);
}

// ---- Members that start at once ----

// gh-155418
TEST_F(TaskGroupsStopTest, EagerMemberThatCancelsIsCancelledAtItsFirstWait) {
  const auto member = [&]() -> Coroutine<> {
    group_.cancel();
    log_.push_back("goes on");
    co_await sleep(1h);
    log_.push_back("not cancelled");
  };
  const auto body = [&]() -> Coroutine<> {
    const auto task = group_.create_task(member(), {.eager_start = true});
    EXPECT_FALSE(task.done());
    co_return;
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, (Log{"goes on", "left"}));
  EXPECT_EQ(f_.ms(), 0);
}

// gh-128550, gh-128588
TEST_F(TaskGroupsStopTest, EagerMemberThatFailsCancelsAnIterationLater) {
  const auto body = [&]() -> Coroutine<> {
    group_.create_task(crash_after(0ms, "first"));
    const auto crash = []() -> Coroutine<> {
      throw Mistake("eager");
      co_return;
    };
    group_.create_task(crash(), {.eager_start = true});
    EXPECT_EQ(current_task().cancelling(), 0);
    group_.create_task(clean_up(log_), {.eager_start = true});
    co_await sleep(0ms);
    log_.push_back("not cancelled");
  };
  run(run_in(group_, body(), log_));
  EXPECT_EQ(log_, (Log{"cleaning", "clean", "eager"}));
}

}  // namespace
}  // namespace loop
