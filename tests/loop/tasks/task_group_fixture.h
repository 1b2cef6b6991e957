// `TaskGroupsTest`: the fixture of all suites of task groups.

#ifndef TESTS_LOOP_TASKS_TASK_GROUP_FIXTURE_H_
#define TESTS_LOOP_TASKS_TASK_GROUP_FIXTURE_H_

#include <chrono>
#include <exception>
#include <string>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/futures/errors.h"
#include "loop/tasks/exception_group.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {

class TaskGroupsTest : public CoroutineTest {
 protected:
  static Coroutine<int> answer_after(std::chrono::milliseconds delay,
                                     int answer) {
    const Counted counted;
    co_await sleep(delay);
    co_return answer;
  }

  static Coroutine<> crash_after(std::chrono::milliseconds delay,
                                 std::string what) {
    const Counted counted;
    co_await sleep(delay);
    throw Mistake(what);
  }

  // Fails instead of being cancelled.
  static Coroutine<> crash_if_cancelled(std::string what) {
    bool cancelled = false;
    try {
      co_await sleep(10s);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    if (cancelled) throw Mistake(what);
  }

  // Sleeps long, and counts if it is cancelled.
  static Coroutine<> count_cancelled(int& count) {
    try {
      co_await sleep(10s);
    } catch (const CancelledError&) {
      ++count;
      throw;
    }
  }

  static Coroutine<> nothing() { co_return; }

  // What the exceptions of the ExceptionGroup say that `function` throws.
  template <class F>
  static std::vector<std::string> errors_of(F function) {
    try {
      function();
    } catch (const ExceptionGroup& group) {
      return texts_of(group);
    }
    return {"no ExceptionGroup"};
  }

  static std::vector<std::string> texts_of(const ExceptionGroup& group) {
    std::vector<std::string> texts;
    for (const auto& exception : group.exceptions()) {
      texts.push_back(text_of(exception));
    }
    return texts;
  }

  using Texts = std::vector<std::string>;
};

}  // namespace loop

#endif  // TESTS_LOOP_TASKS_TASK_GROUP_FIXTURE_H_
