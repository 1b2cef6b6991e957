// Event: after CPython's test_locks.EventTests.

#include "loop/locks/event.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using EventTest = CoroutineTest;

Coroutine<> note_when(Event& event, Journal& journal, std::string name) {
  co_await event.wait();
  journal.push_back(name);
}

TEST_F(EventTest, Wait) {
  Event event;
  Journal journal;
  EXPECT_FALSE(event.is_set());
  start(note_when(event, journal, "1"));
  start(note_when(event, journal, "2"));
  f_.turn(2);
  EXPECT_EQ(journal, Journal());
  start(note_when(event, journal, "3"));
  f_.turn();
  event.set();
  EXPECT_EQ(journal, Journal());
  f_.turn();
  EXPECT_EQ(journal, (Journal{"1", "2", "3"}));
}

TEST_F(EventTest, WaitOnSet) {
  Event event;
  event.set();
  event.set();
  Journal journal;
  const auto body = [&]() -> Coroutine<> {
    f_.loop.call_soon(note(journal, "a turn"));
    co_await event.wait();
    EXPECT_EQ(journal, Journal());
  };
  run(body());
}

TEST_F(EventTest, WaitCancel) {
  Event event;
  const auto task = start(event.wait());
  f_.turn();
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  event.set();
}

// Others need not be told: they are woken, too.
TEST_F(EventTest, CancelledAfterItWasWoken) {
  Event event;
  const auto a = start(event.wait());
  const auto b = start(event.wait());
  f_.turn();
  event.set();
  a.cancel();
  f_.turn();
  EXPECT_TRUE(a.cancelled());
  EXPECT_TRUE(b.done());
  EXPECT_FALSE(b.cancelled());
}

TEST_F(EventTest, Clear) {
  Event event;
  event.set();
  EXPECT_TRUE(event.is_set());
  event.clear();
  EXPECT_FALSE(event.is_set());
}

TEST_F(EventTest, ClearWithWaiters) {
  Event event;
  Journal journal;
  start(note_when(event, journal, "1"));
  f_.turn();
  event.set();
  event.clear();
  event.set();
  event.clear();
  f_.turn();
  EXPECT_EQ(journal, Journal{"1"});
  start(note_when(event, journal, "2"));
  f_.turn(3);
  EXPECT_EQ(journal, Journal{"1"});
  event.set();
  f_.turn();
}

TEST_F(EventTest, CanBeBound) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  Event event;
  const auto task = start(event.wait());
  f_.turn();
  const auto stranger = create_task(other.loop, as_coroutine(event.wait()));
  EXPECT_THROW(run_until_complete(stranger), RuntimeError);
  event.set();
  run_until_complete(task);
}

}  // namespace
}  // namespace loop
