// `CoroutineTest`: the fixture of all suites of coroutines.

#ifndef TESTS_LOOP_COROUTINES_COROUTINE_FIXTURE_H_
#define TESTS_LOOP_COROUTINES_COROUTINE_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {

// A result whose copy constructor calls a function, unless it is empty.
struct CallsWhenCopied {
  explicit CallsWhenCopied(std::function<void()> f) : call(std::move(f)) {}
  CallsWhenCopied(const CallsWhenCopied& other) : call(other.call) {
    if (call) call();
  }
  std::function<void()> call;
};

// A loop in fake time. No task may be pending in the end, and nothing that is
// Counted alive.
class CoroutineTest : public FutureTest {
 protected:
  ~CoroutineTest() override {
    EXPECT_TRUE(all_tasks(f_.loop).empty());
    f_.loop.close();
    EXPECT_EQ(Counted::alive, 0);
  }

  template <class T>
  Task<T> start(Coroutine<T> coroutine) {
    return create_task(f_.loop, std::move(coroutine));
  }

  template <Awaitable A>
  requires(!IsCoroutine<A>) auto start(A awaitable) {
    return start(as_coroutine(std::move(awaitable)));
  }

  // Runs it until it has returned.
  template <Awaitable A>
  AwaitResult<A> run(A awaitable) {
    return run_until_complete(start(std::move(awaitable)));
  }
};

}  // namespace loop

#endif  // TESTS_LOOP_COROUTINES_COROUTINE_FIXTURE_H_
