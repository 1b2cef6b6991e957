// close(), what it destroys, and what happens after it.

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/event_loop.h"
#include "selectors/poll_selector.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

class LoopLifetime : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopLifetime, tests::all_selectors(),
                         tests::name_of);

// Has `kind` schedule or register `callback` in one of the ways that there are.
const std::vector<std::string> kKinds = {
    "soon", "threadsafe", "timer", "interval", "reader", "writer", "signal"};

void schedule(const std::string& kind, EventLoop& loop, const SocketPair& pair,
              Callback callback) {
  if (kind == "soon") loop.call_soon(std::move(callback));
  if (kind == "threadsafe") loop.call_soon_threadsafe(std::move(callback));
  if (kind == "timer") loop.call_later(1s, std::move(callback));
  if (kind == "interval") loop.call_every(1s, std::move(callback));
  if (kind == "reader") loop.add_reader(pair.first, std::move(callback));
  if (kind == "writer") loop.add_writer(pair.first, std::move(callback));
  if (kind == "signal") loop.add_signal_handler(SIGUSR1, std::move(callback));
}

TEST_P(LoopLifetime, Close) {
  FakeTimeLoop f(make_selector());
  EXPECT_FALSE(f.loop.is_closed());
  f.loop.close();
  EXPECT_TRUE(f.loop.is_closed());
  f.loop.close();
  EXPECT_TRUE(f.loop.is_closed());
  EXPECT_EQ(f.loop.time(), f.time.now());
  EXPECT_FALSE(f.loop.is_running());
}

TEST_P(LoopLifetime, NothingCanBeScheduledAfterClose) {
  const SocketPair pair;
  for (const bool debug : {false, true}) {
    FakeTimeLoop f(make_selector());
    f.loop.set_debug(debug);
    f.loop.add_reader(pair.first, [] {});
    f.loop.close();
    for (const std::string& kind : kKinds) {
      bool destroyed = false;
      EXPECT_THROW(
          schedule(kind, f.loop, pair,
                   [alive = at_destruction([&] { destroyed = true; })] {}),
          RuntimeError)
          << kind;
      EXPECT_TRUE(destroyed) << kind;
    }
    EXPECT_THROW(f.loop.run_forever(), RuntimeError);
    EXPECT_THROW(f.loop.run_once(0ns), RuntimeError);
    EXPECT_THROW(f.loop.after_fork_in_child(), RuntimeError);
    f.loop.stop();
    // Removing what is not there is no scheduling.
    EXPECT_FALSE(f.loop.remove_reader(pair.first));
    EXPECT_FALSE(f.loop.remove_writer(pair.first));
    EXPECT_FALSE(f.loop.remove_signal_handler(SIGUSR1));
  }
}

TEST_P(LoopLifetime, CloseDestroysWhatIsPendingWithoutRunningIt) {
  const SocketPair pair;
  for (const bool ran_before : {false, true}) {
    FakeTimeLoop f(make_selector());
    const auto counted = std::make_shared<int>();
    if (ran_before) f.turn();
    for (const std::string& kind : kKinds) {
      schedule(kind, f.loop, pair, [counted] { ADD_FAILURE() << "came"; });
    }
    EXPECT_EQ(counted.use_count(), 8);
    f.loop.close();
    EXPECT_EQ(counted.use_count(), 1);
  }
}

// R67, muduo#416: so does the destructor, also of what stop() left.
TEST_P(LoopLifetime, R67_TheDestructorCloses) {
  const auto counted = std::make_shared<int>();
  {
    FakeTimeLoop f(make_selector());
    f.loop.call_soon([&f, counted] {
      f.loop.call_soon([counted] { ADD_FAILURE() << "came"; });
      f.loop.stop();
    });
    f.loop.run_forever();
    EXPECT_EQ(counted.use_count(), 2);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST_P(LoopLifetime, CloseRestoresSignals) {
  struct sigaction before {};
  struct sigaction after {};
  ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &before), 0);
  FakeTimeLoop f(make_selector());
  f.loop.add_signal_handler(SIGUSR1, [] {});
  ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &after), 0);
  EXPECT_NE(after.sa_handler, before.sa_handler);
  f.loop.close();
  ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &after), 0);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

// A closure that dies in close() may do what it likes to all the others.
TEST_P(LoopLifetime, WhatDiesInCloseCancelsTheOthers) {
  const SocketPair pair;
  for (const std::string& kind : kKinds) {
    FakeTimeLoop f(make_selector());
    const auto counted = std::make_shared<int>();
    struct Handles {
      Handle soon, posted;
      TimerHandle timer;
      IntervalHandle interval;
    };
    const auto handles = std::make_shared<Handles>();
    schedule(kind, f.loop, pair, [alive = at_destruction([&, handles] {
                                    handles->soon.cancel();
                                    handles->posted.cancel();
                                    handles->timer.cancel();
                                    handles->interval.cancel();
                                    f.loop.remove_reader(pair.first);
                                    f.loop.remove_writer(pair.first);
                                    f.loop.remove_signal_handler(SIGUSR1);
                                    f.loop.close();
                                  })] {});
    const auto never = [counted] { ADD_FAILURE() << "came"; };
    handles->soon = f.loop.call_soon(never);
    handles->posted = f.loop.call_soon_threadsafe(never);
    handles->timer = f.loop.call_later(1s, never);
    handles->interval = f.loop.call_every(1s, never);
    if (kind != "reader") f.loop.add_reader(pair.first, never);
    if (kind != "writer") f.loop.add_writer(pair.first, never);
    if (kind != "signal") f.loop.add_signal_handler(SIGUSR1, never);
    f.loop.close();
    EXPECT_EQ(counted.use_count(), 2) << kind;  // `never` is the other.
  }
}

// But it schedules no more, and runs nothing.
TEST_P(LoopLifetime, WhatDiesInCloseSchedulesNoMore) {
  const SocketPair pair;
  for (const std::string& kind : kKinds) {
    FakeTimeLoop f(make_selector());
    int refused = 0;
    schedule(
        kind, f.loop, pair,
        [alive = at_destruction([&] {
           for (const char* const other :
                {"soon", "timer", "interval", "reader", "writer", "signal"}) {
             EXPECT_THROW(schedule(other, f.loop, pair, [] {}), RuntimeError);
             ++refused;
           }
           EXPECT_THROW(f.loop.run_once(), RuntimeError);
         })] {});
    f.loop.close();
    EXPECT_EQ(refused, 6) << kind;
  }
}

// Posts, while the loop closes: that is accepted, or refused.
void post_if_it_may(EventLoop& loop, const std::shared_ptr<int>& counted) {
  try {
    loop.call_soon_threadsafe([counted] { ADD_FAILURE() << "came"; });
  } catch (const RuntimeError&) {
  }
}

// "From any thread, also while the loop closes." What is posted then does not
// outlive close().
TEST_P(LoopLifetime, WhatIsPostedWhileItClosesIsDestroyed) {
  const SocketPair pair;
  for (const std::string& kind : kKinds) {
    FakeTimeLoop f(make_selector());
    const auto counted = std::make_shared<int>();
    schedule(
        kind, f.loop, pair,
        [alive = at_destruction([&] { post_if_it_may(f.loop, counted); })] {});
    f.loop.close();
    EXPECT_EQ(counted.use_count(), 1) << kind;
  }
}

// The same, and then the handle of a post is cancelled, which looks into the
// mailbox.
TEST_P(LoopLifetime, WhatIsPostedAndLookedForWhileItCloses) {
  const SocketPair pair;
  for (const std::string& kind : kKinds) {
    FakeTimeLoop f(make_selector());
    const auto counted = std::make_shared<int>();
    Handle handle;
    schedule(kind, f.loop, pair, [alive = at_destruction([&] {
                                    post_if_it_may(f.loop, counted);
                                    handle.cancel();
                                  })] {});
    handle = f.loop.call_soon_threadsafe([] {});
    f.loop.close();
    EXPECT_EQ(counted.use_count(), 1) << kind;
  }
}

// The closure of a handler that removes the other loop's handlers, and the
// other way round.
TEST_P(LoopLifetime, LoopsThatOwnEachOther) {
  const Pipe pipe;
  auto first = std::make_shared<EventLoop>(make_selector());
  auto second = std::make_shared<EventLoop>(make_selector());
  second->add_reader(pipe.reader, [first] {});
  first->call_later(1s, [second = second.get()] { second->stop(); });
  first.reset();
  second.reset();  // Closes, and so destroys, the first.
}

// The mailbox of a closed loop is used again, its descriptors are not.
TEST_P(LoopLifetime, ManyLoopsOneAfterTheOther) {
  Handle old;
  for (int i = 0; i < 20; ++i) {
    FakeTimeLoop f(make_selector());
    bool ran = false;
    const Handle handle = f.loop.call_soon_threadsafe([&] { ran = true; });
    old.cancel();
    f.loop.run_once();
    EXPECT_TRUE(ran);
    f.loop.call_soon_threadsafe([] { ADD_FAILURE() << "came"; });
    old = handle;
  }
}

// ---- The default arguments ----

TEST(LoopDefaults, ALoopOfItsOwn) {
  EventLoop loop;
  const TimePoint before = std::chrono::steady_clock::now();
  const TimePoint now = loop.time();
  EXPECT_GE(now, before);
  EXPECT_LE(now, std::chrono::steady_clock::now());
  bool ran = false;
  loop.call_soon([&] {
    ran = true;
    loop.stop();
  });
  loop.run_forever();
  EXPECT_TRUE(ran);
}

// A callback that destroys the loop that runs it has no way to go on.
TEST(LoopDeathTest, DestroyedByItsOwnCallback) {
  EXPECT_DEATH(
      {
        auto loop = std::make_unique<EventLoop>(
            std::make_unique<selectors::PollSelector>());
        loop->call_soon([&] { loop.reset(); });
        loop->run_once();
      },
      "loop: an event loop was destroyed by a callback");
}

}  // namespace
}  // namespace loop
