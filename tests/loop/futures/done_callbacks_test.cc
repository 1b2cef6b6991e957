// Whom a future calls when it is done, and when.

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/futures/future.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using DoneCallbacks = FutureTest;

TEST_F(DoneCallbacks, InvokedInOrderOnSetResult) {
  Journal journal;
  const auto future = make<int>();
  for (const char* const name : {"a", "b", "c"}) {
    future.add_done_callback(note(journal, name));
  }
  f_.turn();
  EXPECT_EQ(journal, Journal());
  future.set_result(1);
  EXPECT_EQ(journal, Journal());  // Scheduled, not called.
  f_.turn();
  EXPECT_EQ(journal, (Journal{"a", "b", "c"}));
  f_.turn();
  EXPECT_EQ(journal.size(), 3u);
}

TEST_F(DoneCallbacks, InvokedOnSetException) {
  Journal journal;
  const auto future = make<int>();
  future.add_done_callback(note(journal, "called"));
  future.set_exception(Mistake("too late"));
  EXPECT_EQ(journal, Journal());
  f_.turn();
  EXPECT_EQ(journal, Journal{"called"});
  EXPECT_THROW(future.result(), Mistake);
}

TEST_F(DoneCallbacks, InvokedOnCancel) {
  Journal journal;
  const auto future = make<int>();
  future.add_done_callback(note(journal, "called"));
  future.cancel();
  EXPECT_EQ(journal, Journal());
  f_.turn();
  EXPECT_EQ(journal, Journal{"called"});
}

TEST_F(DoneCallbacks, AddedWhenItIsDone) {
  Journal journal;
  const auto future = make<int>();
  future.set_result(1);
  future.add_done_callback(note(journal, "called"));
  EXPECT_EQ(journal, Journal());
  f_.turn();
  EXPECT_EQ(journal, Journal{"called"});
}

TEST_F(DoneCallbacks, TakesItsPlaceBehindWhatIsScheduled) {
  Journal journal;
  const auto future = make<int>();
  future.add_done_callback(note(journal, "done"));
  f_.loop.call_soon(note(journal, "before"));
  future.set_result(1);
  f_.loop.call_soon(note(journal, "after"));
  f_.turn();
  EXPECT_EQ(journal, (Journal{"before", "done", "after"}));
}

TEST_F(DoneCallbacks, GetsTheFuture) {
  const auto future = make<std::string>();
  std::optional<Future<std::string>> got;
  std::string result;
  future.add_done_callback([&](Future<std::string> argument) {
    got = argument;
    result = argument.result();
  });
  future.add_done_callback(
      [&](const auto& argument) { result += " " + argument.result(); });
  future.set_result("text");
  f_.turn();
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, future);
  EXPECT_EQ(result, "text text");
}

TEST_F(DoneCallbacks, MayBeMoveOnly) {
  int got = 0;
  const auto future = make<void>();
  future.add_done_callback(
      [&got, owned = std::make_unique<int>(7)] { got = *owned; });
  future.set_result();
  f_.turn();
  EXPECT_EQ(got, 7);
}

TEST_F(DoneCallbacks, ThatThrowsIsReportedAndTheOthersAreCalled) {
  Journal journal;
  const unsigned line = __LINE__ + 1;
  const auto future = make<int>();
  future.add_done_callback([] { throw Mistake("of the callback"); });
  future.add_done_callback(note(journal, "other"));
  future.set_result(1);
  f_.turn();
  EXPECT_EQ(journal, Journal{"other"});
  const auto errors = f_.take_errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(text_of(errors[0].exception), "of the callback");
  EXPECT_EQ(errors[0].where.repr(), place(line));
}

// ---- Adding and removing ----

TEST_F(DoneCallbacks, Remove) {
  Journal journal;
  const auto future = make<int>();
  const auto a = future.add_done_callback(note(journal, "a"));
  const auto b = future.add_done_callback(note(journal, "b"));
  future.add_done_callback(note(journal, "c"));
  EXPECT_NE(a, b);
  EXPECT_EQ(future.remove_done_callback(b), 1u);
  EXPECT_EQ(future.remove_done_callback(b), 0u);
  future.set_result(1);
  f_.turn();
  EXPECT_EQ(journal, (Journal{"a", "c"}));
  EXPECT_EQ(future.remove_done_callback(a), 0u);
}

// As in Python, it is the loop's business then.
TEST_F(DoneCallbacks, RemoveWhenItIsScheduled) {
  Journal journal;
  const auto future = make<int>();
  const auto id = future.add_done_callback(note(journal, "called"));
  future.set_result(1);
  EXPECT_EQ(future.remove_done_callback(id), 0u);
  f_.turn();
  EXPECT_EQ(journal, Journal{"called"});
}

TEST_F(DoneCallbacks, RemoveWhatWasAddedWhenItWasDone) {
  Journal journal;
  const auto future = make<int>();
  future.set_result(1);
  const auto a = future.add_done_callback(note(journal, "a"));
  const auto b = future.add_done_callback(note(journal, "b"));
  EXPECT_NE(a, b);
  EXPECT_EQ(future.remove_done_callback(a), 0u);
  f_.turn();
  EXPECT_EQ(journal, (Journal{"a", "b"}));
}

TEST_F(DoneCallbacks, AnIdIsOfOneFuture) {
  Journal journal;
  const auto one = make<int>();
  const auto other = make<int>();
  one.add_done_callback(note(journal, "one"));
  other.add_done_callback([] {});
  const auto id = other.add_done_callback(note(journal, "other"));
  EXPECT_EQ(one.remove_done_callback(id), 0u);
}

TEST_F(DoneCallbacks, ThatAddsAnother) {
  Journal journal;
  const auto future = make<int>();
  future.add_done_callback([&](const Future<int>& self) {
    journal.push_back("first");
    self.add_done_callback(note(journal, "added"));
  });
  future.add_done_callback(note(journal, "second"));
  future.set_result(1);
  f_.turn();
  EXPECT_EQ(journal, (Journal{"first", "second"}));
  f_.turn();
  EXPECT_EQ(journal, (Journal{"first", "second", "added"}));
}

// A search for each would take ten thousand million steps.
TEST_F(DoneCallbacks, ManyAreRemovedInAnyOrder) {
  constexpr std::size_t kCallbacks = 200'000;
  const auto future = make<int>();
  std::vector<DoneCallbackId> ids;
  for (std::size_t i = 0; i < kCallbacks; ++i) {
    ids.push_back(future.add_done_callback([] { FAIL(); }));
  }
  for (std::size_t i = 0; i < kCallbacks; ++i) {
    const std::size_t any = (i * 7'919 + kCallbacks / 2) % kCallbacks;
    EXPECT_EQ(future.remove_done_callback(ids[any]), 1u);
  }
  future.set_result(1);
  f_.turn();
}

TEST_F(DoneCallbacks, AnIdOutlivesItsCallbackAndItsFuture) {
  const auto alive = std::make_shared<int>();
  std::vector<DoneCallbackId> ids;
  {
    const auto called = make<int>();
    const auto dropped = make<int>();
    ids.push_back(called.add_done_callback([alive] {}));
    ids.push_back(dropped.add_done_callback([alive] {}));
    called.set_result(1);
    f_.turn();
  }
  EXPECT_EQ(alive.use_count(), 1);
  const auto other = make<int>();
  const auto mine = other.add_done_callback([] {});
  for (const DoneCallbackId& id : ids) {
    EXPECT_EQ(other.remove_done_callback(id), 0u);
  }
  EXPECT_EQ(make<int>().remove_done_callback(mine), 0u);
  EXPECT_EQ(other.remove_done_callback(mine), 1u);
  EXPECT_EQ(other.remove_done_callback(mine), 0u);
}

// ---- Destructors that call back ----

TEST_F(DoneCallbacks, RemovedOneRemovesAnotherAsItDies) {
  Journal journal;
  const auto future = make<int>();
  std::optional<DoneCallbackId> second;
  const auto first = future.add_done_callback(
      [dying = at_destruction([&] {
         journal.push_back("dies");
         EXPECT_EQ(future.remove_done_callback(*second), 1u);
       })] {});
  second = future.add_done_callback(note(journal, "second"));
  future.add_done_callback(note(journal, "third"));
  EXPECT_EQ(future.remove_done_callback(first), 1u);
  future.set_result(1);
  f_.turn();
  EXPECT_EQ(journal, (Journal{"dies", "third"}));
}

TEST_F(DoneCallbacks, RemovedOneAddsAnotherAndSetsTheResultAsItDies) {
  Journal journal;
  const auto future = make<int>();
  const auto id = future.add_done_callback([dying = at_destruction([&] {
                                              future.add_done_callback(
                                                  note(journal, "added"));
                                              future.set_result(1);
                                            })] {});
  future.add_done_callback(note(journal, "other"));
  EXPECT_EQ(future.remove_done_callback(id), 1u);
  EXPECT_TRUE(future.done());
  f_.turn();
  EXPECT_EQ(journal, (Journal{"other", "added"}));
}

TEST_F(DoneCallbacks, RemovedOneTakesTheLastHandleWithIt) {
  auto future = std::make_optional(make<int>());
  const auto id = future->add_done_callback(
      [dying = at_destruction([&] { future.reset(); })] {});
  EXPECT_EQ(future->remove_done_callback(id), 1u);
  EXPECT_FALSE(future);
}

// It calls nobody, but destroys them.
TEST_F(DoneCallbacks, OfAClosedLoopTakesTheLastHandleWithIt) {
  Journal journal;
  auto future = std::make_optional(make<int>());
  future->add_done_callback(
      [dying = at_destruction([&] { future.reset(); })] {});
  future->add_done_callback(
      [&, dying = at_destruction(note(journal, "second dies"))] {
        journal.push_back("called");
      });
  f_.loop.close();
  future->set_result(1);
  EXPECT_FALSE(future);
  EXPECT_EQ(journal, Journal{"second dies"});
}

}  // namespace
}  // namespace loop
