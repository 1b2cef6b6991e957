// `SelectorLoopTest`: the base of suites that run coroutines in real time, on
// each selector.

#ifndef TESTS_LOOP_SELECTOR_LOOP_FIXTURE_H_
#define TESTS_LOOP_SELECTOR_LOOP_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>

#include "loop/callbacks/errors.h"
#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {

// A loop with the selector of the parameter. No descriptor may be left.
class SelectorLoopTest : public tests::NoLeak, public tests::PerSelector {
 protected:
  void SetUp() override {
    NoLeak::SetUp();
    loop_.emplace(make_selector());
  }
  void TearDown() override {
    loop_.reset();
    NoLeak::TearDown();
  }

  template <Awaitable A>
  auto start(A awaitable) {
    if constexpr (IsCoroutine<A>) {
      return create_task(*loop_, std::move(awaitable));
    } else {
      return create_task(*loop_, as_coroutine(std::move(awaitable)));
    }
  }
  // Runs the loop until `awaitable` is done.
  template <Awaitable A>
  AwaitResult<A> run(A awaitable) {
    return run_until_complete(start(std::move(awaitable)));
  }
  // Lets the tasks run until they wait.
  void turn(int count = 3) {
    for (int i = 0; i < count; ++i) loop_->run_once(std::chrono::seconds(0));
  }

  // Runs the loop until `awaitable` throws an OSError, and returns its number;
  // 0 if it does not.
  template <Awaitable A>
  int error_of(A awaitable) {
    try {
      run(std::move(awaitable));
    } catch (const OSError& error) {
      return error.code().value();
    }
    return 0;
  }

  std::optional<EventLoop> loop_;
};

}  // namespace loop

#endif  // TESTS_LOOP_SELECTOR_LOOP_FIXTURE_H_
