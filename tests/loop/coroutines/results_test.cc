// Results that can be moved only, although their type says that it can be
// copied.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/as_completed.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/shield.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class ResultsTest : public CoroutineTest {
 protected:
  struct Page {
    std::vector<std::unique_ptr<int>> nodes;
  };
  // A member value_type makes no container of it.
  struct Text {
    using value_type = void;
    std::string text;
  };

  static Coroutine<Page> load(int n) {
    Page page;
    page.nodes.push_back(std::make_unique<int>(n));
    co_return page;
  }
  static Coroutine<Text> read() { co_return Text{"text"}; }
};

TEST_F(ResultsTest, ThatSayTheyCanBeCopied) {
  const auto body = [&]() -> Coroutine<> {
    const Page task = co_await create_task(load(1));
    EXPECT_EQ(*task.nodes[0], 1);
    const auto both = co_await gather(load(2), load(3));
    EXPECT_EQ(*std::get<1>(both).nodes[0], 3);
    const Page in_time = co_await wait_for(load(4), 1s);
    EXPECT_EQ(*in_time.nodes[0], 4);
    const Page shielded = co_await shield(load(5));
    EXPECT_EQ(*shielded.nodes[0], 5);
    std::vector<Coroutine<Page>> pages;
    pages.push_back(load(6));
    for (auto next : as_completed(std::move(pages))) {
      const Page page = co_await next;
      EXPECT_EQ(*page.nodes[0], 6);
    }
  };
  run(body());
}

TEST_F(ResultsTest, SeveralWaitersGetCopies) {
  const auto body = [&]() -> Coroutine<> {
    const auto task = create_task(read());
    EXPECT_EQ((co_await task).text, "text");
    EXPECT_EQ((co_await wait_for(task, 1s)).text, "text");
    const auto shielded = shield(task);  // A done task is returned itself.
    EXPECT_EQ((co_await shielded).text, "text");
    EXPECT_EQ(task.result().text, "text");
  };
  run(body());
}

// A function that returns a copy of a handle that it keeps.
TEST_F(ResultsTest, OfATemporaryHandleOfSeveral) {
  const auto body = [&]() -> Coroutine<> {
    const Task<std::string> kept = create_task(sleep(0s, std::string("text")));
    const auto handle = [&]() -> Future<std::string> { return kept; };
    EXPECT_EQ(co_await handle(), "text");
    EXPECT_EQ(co_await handle(), "text");
    EXPECT_EQ(co_await shield(handle()), "text");
    EXPECT_EQ(kept.result(), "text");
  };
  run(body());
}

TEST_F(ResultsTest, HandedOverIsNotThereForOthers) {
  const auto body = [&]() -> Coroutine<> {
    auto task = create_task(read());
    const auto other = task;
    EXPECT_EQ((co_await std::move(task)).text, "text");
    EXPECT_TRUE(other.done());
    EXPECT_EQ(other.exception(), nullptr);
    EXPECT_THROW(other.result(), InvalidStateError);
  };
  run(body());
}

}  // namespace
}  // namespace loop
