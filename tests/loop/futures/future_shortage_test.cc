// Futures when there is no memory to tell those who wait.

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <vector>

#include "loop/futures/future.h"
#include "selectors/poll_selector.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/allocations.h"

namespace loop {
namespace {

// Makes a future done for which `count` functions wait, without memory but for
// what there happens to be room for, and once more if that failed. Each is
// called once.
template <class Finish>
void finish_without_memory(int count, Finish finish) {
  // The queue has room for 1, 2, 4 and so on.
  for (int scheduled = 0; scheduled < 16; ++scheduled) {
    FakeTimeLoop f(std::make_unique<selectors::PollSelector>());
    std::vector<int> called, expected;
    called.reserve(100);
    const Future<int> future(f.loop);
    for (int i = 0; i < count; ++i) {
      expected.push_back(i);
      future.add_done_callback([&called, i] { called.push_back(i); });
    }
    for (int i = 0; i < scheduled; ++i) f.loop.call_soon([] {});
    bool failed = false;
    try {
      const tests::FailingAllocations failing;
      finish(future);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    EXPECT_EQ(future.done(), !failed);
    if (failed) {
      f.turn();
      EXPECT_TRUE(called.empty());
      finish(future);
    }
    f.turn(3);
    EXPECT_EQ(called, expected);
    EXPECT_TRUE(future.done());
    if (!future.cancelled()) static_cast<void>(future.exception());
  }
}

TEST(FutureShortageTest, SetResult) {
  for (const int count : {1, 2, 5}) {
    finish_without_memory(count, [](auto& future) { future.set_result(7); });
  }
}

TEST(FutureShortageTest, SetException) {
  const auto mistake = std::make_exception_ptr(Mistake("a mistake"));
  for (const int count : {1, 2, 5}) {
    finish_without_memory(count,
                          [&](auto& future) { future.set_exception(mistake); });
  }
}

TEST(FutureShortageTest, Cancel) {
  for (const int count : {1, 2, 5}) {
    finish_without_memory(count, [](auto& future) { future.cancel(); });
  }
}

// Nobody is to be told of an exception that was not set.
TEST(FutureShortageTest, AnExceptionThatWasNotSet) {
  FakeTimeLoop f(std::make_unique<selectors::PollSelector>());
  const auto mistake = std::make_exception_ptr(Mistake("a mistake"));
  {
    const Future<int> future(f.loop);
    future.add_done_callback([] {});
    const tests::FailingAllocations failing;
    EXPECT_THROW(future.set_exception(mistake), std::bad_alloc);
  }
  EXPECT_TRUE(f.take_errors().empty());
}

TEST(FutureShortageTest, AddToOneThatIsDone) {
  FakeTimeLoop f(std::make_unique<selectors::PollSelector>());
  const Future<int> future(f.loop);
  future.set_result(1);
  const auto owned = std::make_shared<int>();
  tests::EachShortage shortage;
  while (shortage.next()) {
    shortage.survives([&] { future.add_done_callback([owned] {}); });
    f.turn();
    EXPECT_EQ(owned.use_count(), 1);
  }
  EXPECT_GT(shortage.places(), 0u);
}

}  // namespace
}  // namespace loop
