// call_soon(), and how a loop runs, stops and is closed. The names are those of
// CPython's test_base_events.py and test_events.py where they have the test.

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

class LoopScheduling : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopScheduling, tests::all_selectors(),
                         tests::name_of);

TEST_P(LoopScheduling, CallSoon) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  for (const char* const name : {"a", "b", "c"}) {
    f.loop.call_soon(note(journal, name));
  }
  EXPECT_EQ(journal, Journal());  // Not at once.
  f.loop.run_once();
  EXPECT_EQ(journal, (Journal{"a", "b", "c"}));
  f.turn();
  EXPECT_EQ(journal.size(), 3u);
}

TEST_P(LoopScheduling, CallSoonTakesWhatCannotBeCopied) {
  FakeTimeLoop f(make_selector());
  int value = 0;
  f.loop.call_soon([&, owned = std::make_unique<int>(5)] { value = *owned; });
  f.turn();
  EXPECT_EQ(value, 5);
}

// More closures than one array grows by, and some too large to stand in it.
TEST_P(LoopScheduling, ManyCallSoonKeepTheirOrder) {
  FakeTimeLoop f(make_selector());
  std::vector<int> order;
  for (int i = 0; i < 1000; ++i) {
    if (i % 2 == 0) {
      f.loop.call_soon([&order, i] { order.push_back(i); });
    } else {
      const std::array<int, 100> large = {i};
      f.loop.call_soon([&order, large] { order.push_back(large[0]); });
    }
  }
  f.turn();
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
}

// R60: asyncio's "ntodo".
TEST_P(LoopScheduling, R60_WhatACallbackSchedulesRunsInTheNextIteration) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.call_soon([&] {
    journal.push_back("a");
    f.loop.call_soon(note(journal, "c"));
    f.loop.call_later(0ns, note(journal, "d"));
  });
  f.loop.call_soon(note(journal, "b"));
  f.turn();
  EXPECT_EQ(journal, (Journal{"a", "b"}));
  f.turn();
  EXPECT_EQ(journal, (Journal{"a", "b", "c", "d"}));
}

TEST_P(LoopScheduling, R60_AnEndlessChainOfCallbacksCanBeStopped) {
  FakeTimeLoop f(make_selector());
  int count = 0;
  std::function<void()> again = [&] {
    if (++count == 100) f.loop.stop();
    f.loop.call_soon(again);
  };
  f.loop.call_soon(again);
  f.loop.run_forever();
  EXPECT_EQ(count, 100);
  f.turn();
  EXPECT_EQ(count, 101);
}

// The iteration in which stop() is called is finished, what it schedules kept.
TEST_P(LoopScheduling, StopFinishesTheIteration) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.call_soon([&] {
    f.loop.stop();
    f.loop.call_soon(note(journal, "next"));
  });
  f.loop.call_soon(note(journal, "same"));
  f.loop.call_later(0ns, note(journal, "timer"));
  f.loop.run_forever();
  EXPECT_EQ(journal, (Journal{"same", "timer"}));
  f.loop.call_soon([&] { f.loop.stop(); });
  f.loop.run_forever();
  EXPECT_EQ(journal, (Journal{"same", "timer", "next"}));
}

TEST_P(LoopScheduling, RunForeverPreStopped) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.call_soon(note(journal, "a"));
  f.loop.call_later(1h, note(journal, "timer"));
  f.loop.stop();
  f.loop.run_forever();
  EXPECT_EQ(journal, Journal{"a"});
  // Nor does it sleep where there is nothing to do.
  f.loop.stop();
  f.loop.run_forever();
  EXPECT_EQ(f.ms(), 0);
  // It was told once. Now it sleeps again.
  f.run_for(2h);
  EXPECT_EQ(journal, (Journal{"a", "timer"}));
}

TEST_P(LoopScheduling, RunOnce) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.run_once(0ns);
  f.loop.run_once(-1s);
  f.loop.run_once(std::chrono::nanoseconds::min());
  EXPECT_EQ(f.ms(), 0);
  f.loop.run_once(5ms);
  EXPECT_EQ(f.ms(), 5);
  f.loop.call_later(20ms, note(journal, "timer"));
  f.loop.run_once(5ms);
  EXPECT_EQ(f.ms(), 10);
  EXPECT_EQ(journal, Journal());
  f.loop.run_once();  // Until the timer.
  EXPECT_EQ(f.ms(), 25);
  EXPECT_EQ(journal, Journal{"timer"});
  f.loop.call_soon(note(journal, "soon"));
  f.loop.run_once();
  EXPECT_EQ(f.ms(), 25);
  EXPECT_EQ(journal, (Journal{"timer", "soon"}));
}

// "0 does not sleep, nor does one after stop()."
TEST_P(LoopScheduling, RunOnceAfterStopDoesNotSleep) {
  FakeTimeLoop f(make_selector());
  f.loop.call_later(1h, [] { ADD_FAILURE() << "came"; });
  f.loop.stop();
  f.loop.run_once();
  EXPECT_EQ(f.ms(), 0);
}

// ---- Who runs ----

TEST_P(LoopScheduling, GetRunningLoop) {
  FakeTimeLoop f(make_selector());
  EventLoop* running = nullptr;
  bool is_running = false;
  EXPECT_THROW(get_running_loop(), RuntimeError);
  EXPECT_FALSE(f.loop.is_running());
  f.loop.call_soon([&] {
    running = &get_running_loop();
    is_running = f.loop.is_running();
  });
  f.turn();
  EXPECT_EQ(running, &f.loop);
  EXPECT_TRUE(is_running);
  EXPECT_THROW(get_running_loop(), RuntimeError);
  EXPECT_FALSE(f.loop.is_running());
}

// R63.
TEST_P(LoopScheduling, R63_RunningLoopWithinALoop) {
  FakeTimeLoop f(make_selector());
  FakeTimeLoop other(make_selector());
  Journal journal;
  f.loop.call_soon([&] {
    EXPECT_THROW(f.loop.run_forever(), RuntimeError);
    EXPECT_THROW(f.loop.run_once(), RuntimeError);
    EXPECT_THROW(f.loop.close(), RuntimeError);
    EXPECT_THROW(other.loop.run_forever(), RuntimeError);
    EXPECT_THROW(other.loop.run_once(0ns), RuntimeError);
    EXPECT_EQ(&get_running_loop(), &f.loop);
    EXPECT_TRUE(f.loop.is_running());
    EXPECT_FALSE(other.loop.is_running());
    EXPECT_FALSE(f.loop.is_closed());
    journal.push_back("a");
    other.loop.call_soon(note(journal, "other"));
    other.loop.close();  // That one does not run.
  });
  f.loop.call_soon(note(journal, "b"));
  f.turn();
  EXPECT_EQ(journal, (Journal{"a", "b"}));
  EXPECT_TRUE(other.loop.is_closed());
}

TEST_P(LoopScheduling, TwoLoopsTakeTurns) {
  FakeTimeLoop f(make_selector());
  FakeTimeLoop g(make_selector());
  Journal journal;
  f.loop.call_soon([&] { g.loop.call_soon(note(journal, "g")); });
  g.loop.call_soon([&] { f.loop.call_soon(note(journal, "f")); });
  f.turn();
  g.turn();
  f.turn();
  EXPECT_EQ(journal, (Journal{"g", "f"}));
}

// ---- Handles ----

TEST_P(LoopScheduling, CancelledCallbacksDoNotRun) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  bool destroyed = false;
  f.loop.call_soon(note(journal, "a"));
  Handle handle =
      f.loop.call_soon([&, alive = at_destruction([&] { destroyed = true; })] {
        journal.push_back("cancelled");
      });
  f.loop.call_soon(note(journal, "b"));
  EXPECT_FALSE(handle.cancelled());
  handle.cancel();
  EXPECT_TRUE(handle.cancelled());
  EXPECT_TRUE(destroyed);  // Not when its turn would have come.
  handle.cancel();
  f.turn();
  EXPECT_EQ(journal, (Journal{"a", "b"}));
}

// R50: in the iteration in which it was going to run.
TEST_P(LoopScheduling, R50_ACallbackCancelsThoseBehindIt) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  Handle soon, posted;
  TimerHandle timer;
  f.loop.call_soon([&] {
    soon.cancel();
    posted.cancel();
    timer.cancel();
  });
  soon = f.loop.call_soon(note(journal, "soon"));
  posted = f.loop.call_soon_threadsafe(note(journal, "posted"));
  timer = f.loop.call_later(0ns, note(journal, "timer"));
  f.loop.call_soon(note(journal, "last"));
  f.turn(2);
  EXPECT_EQ(journal, Journal{"last"});
}

TEST_P(LoopScheduling, CancelAfterItRanAndWhileItRuns) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  Handle handle;
  handle =
      f.loop.call_soon([&, alive = at_destruction(note(journal, "destroyed"))] {
        handle.cancel();
        journal.push_back("still here");
      });
  f.turn();
  EXPECT_EQ(journal, (Journal{"still here", "destroyed"}));
  EXPECT_TRUE(handle.cancelled());
  // Nobody else has its place in the queue.
  for (int i = 0; i < 3; ++i) {
    f.loop.call_soon(note(journal, "other"));
    handle.cancel();
    f.turn();
    handle.cancel();
  }
  EXPECT_EQ(journal.size(), 5u);
}

TEST_P(LoopScheduling, CopiesOfAHandleCancelTheSame) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  const Handle original = f.loop.call_soon(note(journal, "a"));
  Handle copy = original;
  copy.cancel();
  EXPECT_TRUE(copy.cancelled());
  EXPECT_FALSE(original.cancelled());  // As handle.h says.
  const Handle later_copy = copy;
  EXPECT_TRUE(later_copy.cancelled());
  f.turn();
  EXPECT_EQ(journal, Journal());
}

TEST_P(LoopScheduling, HandlesOfNothing) {
  Handle handle;
  TimerHandle timer;
  IntervalHandle interval;
  EXPECT_FALSE(handle.cancelled());
  EXPECT_FALSE(timer.cancelled());
  EXPECT_TRUE(interval.cancelled());
  EXPECT_EQ(interval.when(), TimePoint::max());
  handle.cancel();
  timer.cancel();
  interval.cancel();
  EXPECT_TRUE(handle.cancelled());
  EXPECT_TRUE(timer.cancelled());
}

// The mailbox of a loop goes to the next one. Old handles must not notice.
TEST_P(LoopScheduling, HandlesOutliveTheirLoop) {
  Journal journal;
  Handle soon, posted;
  TimerHandle timer;
  IntervalHandle interval;
  {
    FakeTimeLoop f(make_selector());
    soon = f.loop.call_soon(note(journal, "soon"));
    posted = f.loop.call_soon_threadsafe(note(journal, "posted"));
    timer = f.loop.call_later(0ns, note(journal, "timer"));
    interval = f.loop.call_every(1ms, note(journal, "interval"));
    f.loop.close();
    EXPECT_FALSE(soon.cancelled());
    EXPECT_TRUE(interval.cancelled());
    soon.cancel();
    EXPECT_TRUE(soon.cancelled());
  }
  FakeTimeLoop g(make_selector());
  g.loop.call_soon(note(journal, "new soon"));
  g.loop.call_soon_threadsafe(note(journal, "new posted"));
  g.loop.call_later(0ns, note(journal, "new timer"));
  soon.cancel();
  posted.cancel();
  timer.cancel();
  interval.cancel();
  g.turn();
  EXPECT_EQ(journal, (Journal{"new soon", "new posted", "new timer"}));
}

// ---- From any thread, and so from this one ----

TEST_P(LoopScheduling, CallSoonThreadsafeSameThread) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.call_soon(note(journal, "a"));
  f.loop.call_soon_threadsafe(note(journal, "b"));
  f.loop.call_soon(note(journal, "c"));
  f.loop.call_soon_threadsafe(note(journal, "d"));
  f.loop.call_soon_threadsafe(note(journal, "e"));
  f.loop.run_once();  // Does not sleep.
  EXPECT_EQ(journal, (Journal{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(f.ms(), 0);
}

TEST_P(LoopScheduling, CancelPosted) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  std::vector<Handle> handles;
  for (int i = 0; i < 4; ++i) {
    handles.push_back(
        f.loop.call_soon_threadsafe(note(journal, std::to_string(i))));
    if (i == 1) f.loop.call_soon(note(journal, "soon"));
  }
  handles[0].cancel();
  handles[3].cancel();
  f.turn();
  EXPECT_EQ(journal, (Journal{"1", "soon", "2"}));
  f.loop.call_soon_threadsafe(note(journal, "again"));
  for (Handle& handle : handles) handle.cancel();
  f.turn();
  EXPECT_EQ(journal, (Journal{"1", "soon", "2", "again"}));
}

}  // namespace
}  // namespace loop
