// What closures, clocks and descriptors can do that nobody thinks of.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/select.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using tests::FaultInjector;

class LoopHazards : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopHazards, tests::all_selectors(),
                         tests::name_of);

// ---- Destructors that use the loop ----

// cancel() and remove_reader() destroy at once, in the middle of what they do.
TEST_P(LoopHazards, R66_ADyingClosureUsesTheLoop) {
  FakeTimeLoop f(make_selector());
  const SocketPair pair, other;
  Journal journal;
  // More than any of the containers has room for without growing.
  const auto use_the_loop = [&] {
    return at_destruction([&] {
      for (int i = 0; i < 100; ++i) {
        f.loop.call_soon([] {}).cancel();
        f.loop.call_soon_threadsafe([] {}).cancel();
        f.loop.call_later(1s, [] {}).cancel();
        f.loop.call_soon([] {});
        f.loop.call_later(0ns, [] {});
      }
      f.loop.add_reader(other.first, [] {});
      f.loop.remove_reader(other.first);
      f.loop.add_writer(pair.first, [] {});
      f.loop.remove_writer(pair.first);
      journal.push_back("died");
    });
  };
  const auto cancel_all = [&] {
    f.loop.call_soon([alive = use_the_loop()] {}).cancel();
    f.loop.call_soon_threadsafe([alive = use_the_loop()] {}).cancel();
    f.loop.call_later(1s, [alive = use_the_loop()] {}).cancel();
    f.loop.call_every(1s, [alive = use_the_loop()] {}).cancel();
    f.loop.add_reader(pair.first, [alive = use_the_loop()] {});
    f.loop.add_reader(pair.first, [alive = use_the_loop()] {});
    f.loop.remove_reader(pair.first);
    f.loop.add_signal_handler(SIGUSR1, [alive = use_the_loop()] {});
    f.loop.add_signal_handler(SIGUSR1, [alive = use_the_loop()] {});
    f.loop.remove_signal_handler(SIGUSR1);
  };
  cancel_all();
  EXPECT_EQ(journal.size(), 8u);
  f.turn();
  f.loop.call_soon(cancel_all);
  f.loop.call_later(0ns, cancel_all);
  f.loop.add_reader(other.second, [&] {
    f.loop.remove_reader(other.second);
    cancel_all();
  });
  other.first.write("x");
  f.turn(2);
  EXPECT_EQ(journal.size(), 32u);
}

// The same of those that have just run.
TEST_P(LoopHazards, R66_AClosureThatRanUsesTheLoopAsItDies) {
  FakeTimeLoop f(make_selector());
  const SocketPair pair;
  int ran = 0;
  const auto reschedule = [&] {
    return at_destruction([&] {
      f.loop.call_soon([&] { ++ran; });
      f.loop.call_later(0ns, [&] { ++ran; });
      f.loop.add_reader(pair.first, [&] {
        ++ran;
        f.loop.remove_reader(pair.first);
      });
    });
  };
  pair.second.write("x");
  f.loop.call_soon([alive = reschedule()] {});
  f.turn(2);
  EXPECT_EQ(ran, 3);
  f.loop.call_later(0ns, [alive = reschedule()] {});
  f.turn(2);
  EXPECT_EQ(ran, 6);
  f.loop.add_reader(pair.first, [&, alive = reschedule()] {
    f.loop.remove_reader(pair.first);
  });
  f.turn(2);
  EXPECT_EQ(ran, 9);
}

// ---- Descriptors ----

// R10, R11: numbers that a bitmap or an array does not expect.
TEST_P(LoopHazards, R11_ANumberThatSelectHasNoRoomFor) {
  FakeTimeLoop f(make_selector());
  const tests::MostOpenFiles limit;
  const Pipe pipe;
  const File high = tests::dup_at_least(pipe.reader, FD_SETSIZE);
  pipe.writer.write("x");
  int came = 0;
  f.loop.add_reader(high, [&] { ++came; });
  f.turn(2);
  if (f.selector->name() == "SelectSelector") {
    EXPECT_EQ(came, 0);
    EXPECT_EQ(f.take_errors().size(), 1u);
    EXPECT_FALSE(f.loop.remove_reader(high));
  } else {
    EXPECT_EQ(came, 2);
    EXPECT_TRUE(f.loop.remove_reader(high));
  }
  EXPECT_THROW(f.loop.run_once(), std::logic_error);  // It does not spin.
}

// R72: the kernel no longer takes a descriptor that it knew.
TEST_P(LoopHazards, R72_ARefusedChangeTakesBothHandlers) {
  FakeTimeLoop f(make_selector());
  if (f.selector->name() == "SelectSelector" ||
      f.selector->name() == "PollSelector") {
    GTEST_SKIP() << "registers without a system call";
  }
  const SocketPair pair;
  pair.second.write("x");
  int came = 0;
  f.loop.add_reader(pair.first, [&] { ++came; });
  f.turn();
  EXPECT_EQ(came, 1);
  f.loop.add_writer(pair.first, [&] { ++came; });
  {
    const FaultInjector fault(FaultInjector::kAll, ENOMEM, [](const auto& c) {
      return FaultInjector::is(c, "epoll_ctl") ||
             FaultInjector::is(c, "write") || FaultInjector::is(c, "kevent");
    });
    // A kqueue's wait is a kevent(), too, and fails as well.
    try {
      f.turn();
    } catch (const OSError&) {
      EXPECT_EQ(f.selector->name(), "KqueueSelector");
    }
    EXPECT_TRUE(fault.fired());
  }
  f.turn();
  EXPECT_EQ(came, 1);
  const auto errors = f.take_errors();
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errno_of(errors[0].exception), ENOMEM);
  EXPECT_EQ(errno_of(errors[1].exception), ENOMEM);
  EXPECT_FALSE(f.loop.remove_reader(pair.first));
  f.loop.add_writer(pair.first, [&] { ++came; });
  f.turn();
  EXPECT_EQ(came, 2);
  EXPECT_TRUE(f.loop.remove_writer(pair.first));
  EXPECT_THROW(f.loop.run_once(), std::logic_error);
}

// Once refused, a second time is no help: the kernel is told what is left.
TEST_P(LoopHazards, R72_AChangeThatIsRefusedOnceIsMadeAnew) {
  FakeTimeLoop f(make_selector());
  if (f.selector->name() != "EpollSelector") GTEST_SKIP() << "epoll_ctl";
  const SocketPair pair;
  Journal journal;
  f.loop.add_reader(pair.first, note(journal, "r"));
  f.turn();
  pair.second.write("x");
  f.loop.add_writer(pair.first, note(journal, "w"));
  {
    const FaultInjector fault(1, ENOENT, [](const auto& c) {
      return FaultInjector::is(c, "epoll_ctl");
    });
    f.turn();
    EXPECT_TRUE(fault.fired());
  }
  EXPECT_EQ(journal, (Journal{"r", "w"}));
  EXPECT_TRUE(f.loop.remove_reader(pair.first));
  EXPECT_TRUE(f.loop.remove_writer(pair.first));
}

// The one that was added by its number must not hide the other's identity.
TEST_P(LoopHazards, AnObjectAndItsNumberAreOneRegistration) {
  FakeTimeLoop f(make_selector());
  SocketPair pair;
  f.loop.add_reader(pair.first, [] {});
  f.loop.add_writer(pair.first.fileno(), [] {});
  f.turn();
  pair.first.close();
  EXPECT_TRUE(f.loop.remove_reader(pair.first));
  f.loop.close();
}

// ---- Signals ----

// "Once more, and I stop at once": what came second goes to the second handler.
TEST_P(LoopHazards, ASignalHandlerReplacesItself) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.add_signal_handler(SIGUSR1, [&] {
    journal.push_back("first");
    f.loop.add_signal_handler(SIGUSR1, [&] { journal.push_back("second"); });
  });
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  f.turn();
  EXPECT_EQ(journal, (Journal{"first", "second"}));
}

TEST_P(LoopHazards, ASignalHandlerRemovesItself) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.add_signal_handler(
      SIGUSR1, [&, alive = at_destruction(note(journal, "destroyed"))] {
        EXPECT_TRUE(f.loop.remove_signal_handler(SIGUSR1));
        EXPECT_FALSE(f.loop.remove_signal_handler(SIGUSR1));
        journal.push_back("ran");
      });
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  f.turn(2);
  EXPECT_EQ(journal, (Journal{"ran", "destroyed"}));
}

// R92: the handlers of descriptors come first, and may remove those of signals.
TEST_P(LoopHazards, R64_AReaderRemovesTheHandlerOfASignalThatCame) {
  FakeTimeLoop f(make_selector());
  const Pipe pipe;
  pipe.writer.write("x");
  f.loop.add_signal_handler(SIGUSR1, [] { ADD_FAILURE() << "came"; });
  f.loop.add_reader(pipe.reader, [&] {
    f.loop.remove_signal_handler(SIGUSR1);
    f.loop.remove_reader(pipe.reader);
  });
  ::raise(SIGUSR1);
  f.turn(2);
}

// ---- Clocks ----

// R44: one that has not reached its own zero is further from the end of time
// than a number of nanoseconds can tell.
TEST_P(LoopHazards, R44_AClockBeforeItsZero) {
  FakeTimeLoop f(make_selector());
  f.time.advance(-2000s);
  bool came = false;
  f.loop.call_at(TimePoint::max() - 1ns, [&] { came = true; });
  f.loop.run_once();
  EXPECT_GT(f.time.now(), TimePoint(1s));  // It slept.
  f.loop.run_once();
  EXPECT_TRUE(came);
}

// In the nanosecond in which it is due.
TEST_P(LoopHazards, R44_TheEndOfTime) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.call_at(TimePoint::max(), note(journal, "end"));
  f.loop.call_every(1h, note(journal, "hours"), MissedTicks::kDelay);
  f.time.advance(std::chrono::nanoseconds::max());
  f.turn(2);
  EXPECT_EQ(journal[0], "hours");
  EXPECT_EQ(journal[1], "end");
}

}  // namespace
}  // namespace loop
