// The tasks that wait for one task: after CPython's test_graph.py (gh-91048).

#include "loop/tasks/call_graph.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/tasks/as_completed.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/shield.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "loop/tasks/timeout.h"
#include "loop/tasks/try_finally.h"
#include "loop/tasks/wait.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/loop/tasks/source_lines.h"

namespace loop {
namespace {

class CallGraphTest : public CoroutineTest {
 protected:
  // The names of the tasks, each behind as many dots as it is deep.
  static std::string names(const CallGraph& graph) {
    std::string text;
    for (const CallGraphEntry& entry : graph) {
      if (!text.empty()) text += ' ';
      text += std::string(entry.depth, '.') + entry.name;
      if (entry.is_above) text += "(above)";
    }
    return text;
  }
};

Coroutine<> inner() { co_await sleep(1ms); }
Coroutine<> outer() { co_await inner(); }
Coroutine<> join(Task<> task) { co_await task; }

// test_stack_tgroup and others (gh-156523, gh-157058): seen from the task that
// is awaited. Nothing stays behind a waiter that has gone: gh-152569.
TEST_F(CallGraphTest, SeesThroughAllWaysToWait) {
  using Waiting = std::function<Coroutine<>(Task<>)>;
  const std::map<std::string, Waiting> table{
      {"await", [](Task<> task) -> Coroutine<> { co_await task; }},
      {"gather",
       [](Task<> task) -> Coroutine<> {
         co_await gather(task, gather(task, sleep(1ms)));
       }},
      {"wait", [](Task<> task) -> Coroutine<> { co_await wait(task); }},
      {"wait_for",
       [](Task<> task) -> Coroutine<> { co_await wait_for(task, 1s); }},
      {"shield", [](Task<> task) -> Coroutine<> { co_await shield(task); }},
      {"timeout",
       [](Task<> task) -> Coroutine<> { co_await timeout(1s).run(task); }},
      {"as_completed",
       [](Task<> task) -> Coroutine<> {
         const std::vector tasks{task};
         for (Coroutine<> next : as_completed(tasks)) co_await next;
       }},
      {"next",
       [](Task<> task) -> Coroutine<> {
         const std::vector tasks{task};
         auto completed = as_completed(tasks);
         co_await completed.next();
       }},
  };
  for (const auto& [name, waiting] : table) {
    const auto task = create_task(f_.loop, inner(), {.name = "worker"});
    const auto boss = create_task(f_.loop, waiting(task), {.name = name});
    f_.turn(3);
    EXPECT_EQ(names(capture_call_graph(task)), "worker ." + name);
    run_until_complete(boss);
    EXPECT_EQ(names(capture_call_graph(task)), "worker") << "nothing stays";
  }
}

// wait_for() with a timeout that is past, while the task that it cancels cleans
// up: gh-157058.
TEST_F(CallGraphTest, WaitForWithoutTime) {
  const auto stubborn = []() -> Coroutine<> {
    const auto nap = []() -> Coroutine<> { co_await sleep(1h); };
    co_await try_finally(nap(), inner);
  };
  const auto task = create_task(f_.loop, stubborn(), "worker");
  f_.turn();
  const auto waiting = [](Task<> t) -> Coroutine<> {
    co_await wait_for(t, 0s);
  };
  const auto boss = create_task(f_.loop, waiting(task), "boss");
  f_.turn(2);
  EXPECT_EQ(names(capture_call_graph(task)), "worker .boss");
  EXPECT_THROW(run_until_complete(boss), TimeoutError);
  EXPECT_EQ(names(capture_call_graph(task)), "worker");
}

// gh-155143, gh-157213: nor behind a gather() that has failed, or an
// as_completed() whose waiter was cancelled.
TEST_F(CallGraphTest, NothingStaysBehindWhatHasEnded) {
  const auto task = create_task(f_.loop, inner(), "worker");
  const auto fail = []() -> Coroutine<> {
    throw Mistake("no");
    co_return;
  };
  const auto all = [&]() -> Coroutine<> { co_await gather(task, fail()); };
  EXPECT_THROW(run(all()), Mistake);
  const auto next = [](Task<> t) -> Coroutine<> {
    const std::vector tasks{t};
    for (Coroutine<> one : as_completed(tasks)) co_await one;
  };
  const auto waiter = create_task(f_.loop, next(task), "waiter");
  f_.turn(2);
  EXPECT_EQ(names(capture_call_graph(task)), "worker .waiter");
  waiter.cancel();
  f_.turn(2);
  EXPECT_TRUE(waiter.cancelled());
  EXPECT_EQ(names(capture_call_graph(task)), "worker");
  run_until_complete(task);
}

TEST_F(CallGraphTest, TaskGroup) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto body = [&]() -> Coroutine<> {
      group.create_task(inner(), {.name = "member"});
      co_return;
    };
    co_await group.run(body());
  };
  const auto boss = create_task(f_.loop, main(), {.name = "boss"});
  f_.turn(2);
  for (const AnyTask& task : all_tasks(f_.loop)) {
    if (task.get_name() != "member") continue;
    EXPECT_EQ(names(capture_call_graph(task)), "member .boss");
  }
  run_until_complete(boss);
}

// The current task, and upwards from there.
TEST_F(CallGraphTest, FromWithinATask) {
  std::string seen;
  const auto work = [&]() -> Coroutine<> {
    co_await sleep(1ms);
    seen = names(capture_call_graph());
  };
  const auto task = create_task(f_.loop, work(), {.name = "worker"});
  const auto a = create_task(f_.loop, join(task), {.name = "a"});
  const auto b = create_task(f_.loop, join(task), {.name = "b"});
  run_until_complete(create_task(f_.loop, join(a), {.name = "c"}));
  f_.turn();
  EXPECT_EQ(seen, "worker .a ..c .b");
  EXPECT_THROW(capture_call_graph(), RuntimeError);
}

TEST_F(CallGraphTest, Text) {
  const auto task = create_task(f_.loop, outer(), {.name = "worker"});
  const auto boss = create_task(f_.loop, join(task), {.name = "boss"});
  f_.turn();
  EXPECT_EQ(without_lines(format_call_graph(task)),
            "* worker\n"
            "  + Call stack:\n"
            "  |   inner call_graph_test.cc:N\n"
            "  |   outer call_graph_test.cc:N\n"
            "  + Awaited by:\n"
            "    * boss\n"
            "      + Call stack:\n"
            "      |   join call_graph_test.cc:N\n");
  run_until_complete(boss);
}

// test_stack_async_gen and the like end with a finished task: gh-156408.
TEST_F(CallGraphTest, OfWhatHasFinished) {
  const auto task = create_task(f_.loop, inner(), {.name = "worker"});
  run_until_complete(task);
  EXPECT_EQ(format_call_graph(task), "* worker\n");
  f_.loop.close();
  EXPECT_EQ(format_call_graph(task), "* worker\n");
}

TEST_F(CallGraphTest, OfAFuture) {
  const auto future = make<void>();
  const auto waiting = [&]() -> Coroutine<> { co_await future; };
  const auto task = create_task(f_.loop, waiting(), {.name = "waiter"});
  f_.turn();
  EXPECT_EQ(names(capture_call_graph(future)), "Future .waiter");
  future.set_result();
  run_until_complete(task);
}

// Two tasks that await each other, and one that several await.
TEST_F(CallGraphTest, EachTaskIsShownOnce) {
  std::vector<Task<>> tasks;
  const auto wait_for = [&tasks](std::size_t which) -> Coroutine<> {
    co_await tasks[which];
  };
  tasks.push_back(create_task(f_.loop, wait_for(1), {.name = "a"}));
  tasks.push_back(create_task(f_.loop, wait_for(0), {.name = "b"}));
  f_.turn();
  EXPECT_EQ(names(capture_call_graph(tasks[0])), "a .b ..a(above)");
  tasks[0].cancel();
  tasks[0].cancel();
  f_.turn(4);
}

// Neither the stack nor the text grows out of proportion.
TEST_F(CallGraphTest, DeepChain) {
  constexpr std::size_t kDeep = 1000;
  std::vector<Task<>> tasks{create_task(f_.loop, inner())};
  while (tasks.size() < kDeep) tasks.push_back(start(join(tasks.back())));
  f_.turn();
  EXPECT_EQ(capture_call_graph(tasks.front()).size(), kDeep);
  EXPECT_LT(format_call_graph(tasks.front()).size(), kDeep * 600);
  run_until_complete(tasks.back());
}

}  // namespace
}  // namespace loop
