// print_tasks(): the tree of tasks and of their waits.

#include "loop/tasks/print_tasks.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/loop/tasks/source_lines.h"

namespace loop {
namespace {

class PrintTasksTest : public CoroutineTest {
 protected:
  std::string picture() { return without_lines(format_tasks(f_.loop)); }
};

Coroutine<> inner() { co_await sleep(1ms); }
Coroutine<> outer() { co_await inner(); }
Coroutine<> join(std::vector<Task<>> tasks) {
  for (const auto& task : tasks) co_await task;
}

TEST_F(PrintTasksTest, NoTask) { EXPECT_EQ(picture(), ""); }

TEST_F(PrintTasksTest, TaskThatHasNotBegun) {
  start(outer());
  EXPECT_EQ(picture(), "Task-1\n└── outer print_tasks_test.cc:N\n");
  f_.run_for(2ms);
}

// Its coroutine does not exist any more when its arguments die.
TEST_F(PrintTasksTest, TaskThatIsCancelledBeforeItHasBegun) {
  std::string seen;
  struct Looking {
    explicit Looking(std::function<void()> look) : look_(std::move(look)) {}
    Looking(Looking&& other) noexcept
        : look_(std::exchange(other.look_, nullptr)) {}
    Looking& operator=(Looking&&) = delete;
    ~Looking() {
      if (look_) look_();
    }
    std::function<void()> look_;
  };
  const auto work = [](Looking) -> Coroutine<> { co_return; };
  start(work(Looking([&] { seen = picture(); }))).cancel();
  EXPECT_EQ(seen, "");
  f_.turn();
  EXPECT_EQ(seen, "Task-1\n");
}

TEST_F(PrintTasksTest, CallsOfATask) {
  start(outer());
  f_.turn();
  EXPECT_EQ(picture(),
            "Task-1\n"
            "└── outer print_tasks_test.cc:N\n"
            "    └── inner print_tasks_test.cc:N\n");
  f_.run_for(2ms);
}

TEST_F(PrintTasksTest, PlaceOfTheAwait) {
  const auto work = []() -> Coroutine<> {
    co_await sleep(0s);
    co_await sleep(1ms);
  };
  start(work());
  const unsigned line = __LINE__ - 3;
  f_.turn(2);
  EXPECT_EQ(format_tasks(f_.loop),
            "Task-1\n└── operator() " + place(line) + "\n");
  f_.run_for(2ms);
}

TEST_F(PrintTasksTest, TaskThatWaitsForATask) {
  const auto task = create_task(f_.loop, inner(), {.name = "worker"});
  create_task(f_.loop, join({task}), {.name = "boss"});
  create_task(f_.loop, inner(), {.name = "loner"});
  f_.turn();
  EXPECT_EQ(picture(),
            "boss\n"
            "└── join print_tasks_test.cc:N\n"
            "    └── worker\n"
            "        └── inner print_tasks_test.cc:N\n"
            "loner\n"
            "└── inner print_tasks_test.cc:N\n");
  f_.run_for(2ms);
}

TEST_F(PrintTasksTest, TaskThatTwoWaitFor) {
  const auto task = create_task(f_.loop, inner(), {.name = "worker"});
  create_task(f_.loop, join({task}), {.name = "a"});
  create_task(f_.loop, join({task}), {.name = "b"});
  f_.turn();
  EXPECT_EQ(picture(),
            "a\n"
            "└── join print_tasks_test.cc:N\n"
            "    └── worker\n"
            "        └── inner print_tasks_test.cc:N\n"
            "b\n"
            "└── join print_tasks_test.cc:N\n"
            "    └── worker (above)\n");
  f_.run_for(2ms);
}

Coroutine<> join_gathered(Future<std::vector<std::monostate>> tasks) {
  co_await tasks;
}

// The tasks behind one gather() are drawn once, however many await it.
TEST_F(PrintTasksTest, GatherThatTwoWaitFor) {
  const auto tasks =
      gather(std::vector{create_task(f_.loop, inner(), {.name = "x"}),
                         create_task(f_.loop, inner(), {.name = "y"})});
  create_task(f_.loop, join_gathered(tasks), {.name = "a"});
  create_task(f_.loop, join_gathered(tasks), {.name = "b"});
  f_.turn();
  EXPECT_EQ(picture(),
            "a\n"
            "└── join_gathered print_tasks_test.cc:N\n"
            "    ├── x\n"
            "    │   └── inner print_tasks_test.cc:N\n"
            "    └── y\n"
            "        └── inner print_tasks_test.cc:N\n"
            "b\n"
            "└── join_gathered print_tasks_test.cc:N\n"
            "    └── (above)\n");
  f_.run_for(2ms);
}

// Beyond 20 levels a line tells its level.
TEST_F(PrintTasksTest, DeepLines) {
  Task<> last = create_task(f_.loop, inner(), {.name = "first"});
  for (int i = 0; i < 10; ++i) last = start(join({last}));
  f_.turn();
  const std::string text = picture();
  const std::string indent(18 * 4, ' ');
  EXPECT_NE(text.find("\n" + indent + " "), text.npos) << text;
  EXPECT_EQ(text.find("\n" + indent + "      "), text.npos) << text;
  EXPECT_EQ(text.substr(text.find("\n[21]")),
            "\n[21] inner print_tasks_test.cc:N\n");
  f_.run_for(2ms);
}

TEST_F(PrintTasksTest, TheTextGrowsLinearly) {
  const auto size_of = [&](int depth) {
    Task<> last = start(inner());
    for (int i = 1; i < depth; ++i) last = start(join({last}));
    f_.turn();
    const std::size_t size = format_tasks(f_.loop).size();
    f_.run_for(2ms);
    return size;
  };
  EXPECT_LT(size_of(5'000), 11 * size_of(500));
}

// n tasks that await one gather() of n: n lines, not n * n.
TEST_F(PrintTasksTest, TheTextOfManyWhoAwaitOneGatherGrowsLinearly) {
  const auto size_of = [&](int size) {
    std::vector<Task<>> tasks;
    for (int i = 0; i < size; ++i) tasks.push_back(start(inner()));
    const auto gathered = gather(tasks);
    for (int i = 0; i < size; ++i) start(join_gathered(gathered));
    f_.turn();
    const std::size_t text_size = format_tasks(f_.loop).size();
    f_.run_for(2ms);
    return text_size;
  };
  EXPECT_LT(size_of(500), 11 * size_of(50));
}

// Nobody will ever wake them; but it can be seen.
TEST_F(PrintTasksTest, TasksThatWaitForOneAnother) {
  std::vector<Task<>> tasks;
  const auto wait_for = [&tasks](std::size_t which) -> Coroutine<> {
    co_await tasks[which];
  };
  tasks.push_back(start(wait_for(1)));
  tasks.push_back(start(wait_for(0)));
  f_.turn();
  EXPECT_EQ(picture(),
            "Task-1\n"
            "└── operator() print_tasks_test.cc:N\n"
            "    └── Task-2\n"
            "        └── operator() print_tasks_test.cc:N\n"
            "            └── Task-1 (above)\n");
  tasks[0].cancel();
  tasks[0].cancel();
  f_.turn(4);
  EXPECT_TRUE(tasks[0].cancelled());
  EXPECT_TRUE(tasks[1].cancelled());
}

// A coroutine that has returned is not drawn any more.
TEST_F(PrintTasksTest, FromATaskThatHasCalledAnother) {
  const auto work = [&]() -> Coroutine<std::string> {
    co_await outer();
    co_return picture();
  };
  EXPECT_EQ(run(work()), "Task-1\n└── operator() print_tasks_test.cc:N\n");
}

TEST_F(PrintTasksTest, ClosedLoop) {
  f_.loop.close();
  EXPECT_EQ(picture(), "");
}

TEST_F(PrintTasksTest, OnSignal) {
  print_tasks_on_signal(f_.loop);
  create_task(f_.loop, inner(), {.name = "worker"});
  f_.turn();
  ::testing::internal::CaptureStderr();
  ::raise(SIGUSR2);
  f_.turn();
  EXPECT_EQ(::testing::internal::GetCapturedStderr().find("worker\n└── inner "),
            0u);
  f_.run_for(2ms);
}

}  // namespace
}  // namespace loop
