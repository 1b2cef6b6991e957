// What goes wrong in callbacks, in the kernel, and in those who are told of it.

#include <gtest/gtest.h>
#include <signal.h>

#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

class LoopErrors : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopErrors, tests::all_selectors(),
                         tests::name_of);

// ---- Exceptions that leave a callback ----

// R61.
TEST_P(LoopErrors, R61_EveryKindOfCallbackMayThrow) {
  FakeTimeLoop f(make_selector());
  const SocketPair pair;
  pair.second.write("x");
  const auto thrower = [](const char* who) {
    return [who] { throw std::runtime_error(who); };
  };
  Journal journal;
  f.loop.call_soon(thrower("soon"));
  f.loop.call_soon_threadsafe(thrower("threadsafe"));
  f.loop.add_reader(pair.first, thrower("reader"));
  f.loop.add_writer(pair.first, thrower("writer"));
  f.loop.add_signal_handler(SIGUSR1, thrower("signal"));
  f.loop.call_later(0ns, thrower("timer"));
  f.loop.call_every(1ms, thrower("interval"));
  ::raise(SIGUSR1);
  f.time.advance(1ms);
  f.loop.call_soon(note(journal, "soon"));
  f.loop.call_later(0ns, note(journal, "timer"));
  f.turn();
  EXPECT_EQ(journal, (Journal{"soon", "timer"}));
  Journal told;
  for (const ExceptionContext& error : f.take_errors()) {
    told.push_back(text_of(error.exception));
    EXPECT_EQ(error.message, "Exception in callback");
    EXPECT_STREQ(error.where.file_name(), __FILE__);
  }
  EXPECT_EQ(told, (Journal{"soon", "threadsafe", "reader", "writer", "signal",
                           "timer", "interval"}));
  // They are all still there but for those that come only once.
  f.time.advance(1ms);
  f.turn();
  EXPECT_EQ(f.take_errors().size(), 3u);  // Reader, writer, interval.
  EXPECT_TRUE(f.loop.remove_reader(pair.first));
  EXPECT_TRUE(f.loop.remove_writer(pair.first));
  EXPECT_TRUE(f.loop.remove_signal_handler(SIGUSR1));
}

TEST_P(LoopErrors, R61_AnythingMayBeThrown) {
  FakeTimeLoop f(make_selector());
  f.loop.call_soon([] { throw 42; });
  f.loop.call_soon([] { throw std::bad_alloc(); });
  f.loop.call_soon([] { throw std::make_unique<int>(5); });
  f.loop.call_soon([&] { f.loop.stop(); });
  f.loop.run_forever();
  const auto errors = f.take_errors();
  ASSERT_EQ(errors.size(), 3u);
  EXPECT_THROW(std::rethrow_exception(errors[0].exception), int);
  EXPECT_THROW(std::rethrow_exception(errors[1].exception), std::bad_alloc);
}

// The closure dies before the exception handler is called, or after; once.
TEST_P(LoopErrors, AThrowingClosureIsDestroyedOnce) {
  FakeTimeLoop f(make_selector());
  int destroyed = 0;
  const auto thrower = [&] {
    return [alive = at_destruction([&] { ++destroyed; })] {
      throw std::runtime_error("oops");
    };
  };
  f.loop.call_soon(thrower());
  f.loop.call_later(0ns, thrower());
  f.turn();
  EXPECT_EQ(destroyed, 2);
  EXPECT_EQ(f.take_errors().size(), 2u);
}

// Where it was scheduled, not where the loop is written.
TEST_P(LoopErrors, R61_TheReportNamesThePlace) {
  FakeTimeLoop f(make_selector());
  f.loop.set_exception_handler(nullptr);
  EXPECT_FALSE(f.loop.get_exception_handler());
  CaptureStderr();
  const unsigned line = __LINE__ + 1;
  f.loop.call_soon([] { throw std::runtime_error("the reason"); });
  f.turn();
  const std::string text = GetCapturedStderr();
  EXPECT_EQ(text,
            "loop: Exception in callback (" + place(line) + "): the reason\n");
}

TEST_P(LoopErrors, TheDefaultHandlerTellsWhatItIsTold) {
  CaptureStderr();
  EventLoop::default_exception_handler({"Only a message"});
  EventLoop::default_exception_handler(
      {"With something", std::make_exception_ptr(42)});
  EXPECT_EQ(GetCapturedStderr(),
            "loop: Only a message\n"
            "loop: With something: int\n");
}

TEST_P(LoopErrors, CallExceptionHandler) {
  FakeTimeLoop f(make_selector());
  EventLoop* told_by = nullptr;
  std::string message;
  f.loop.set_exception_handler(
      [&](EventLoop& loop, const ExceptionContext& context) {
        told_by = &loop;
        message = context.message;
      });
  f.loop.call_exception_handler({"Listen"});
  EXPECT_EQ(told_by, &f.loop);
  EXPECT_EQ(message, "Listen");
  EXPECT_TRUE(f.loop.get_exception_handler());
}

// Both are told: what the handler threw, and what it was to handle.
TEST_P(LoopErrors, SetExcHandlerBroken) {
  FakeTimeLoop f(make_selector());
  f.loop.set_exception_handler([](EventLoop&, const ExceptionContext&) {
    throw std::runtime_error("handler broken");
  });
  bool went_on = false;
  const unsigned line = __LINE__ + 1;
  f.loop.call_soon([] { throw std::runtime_error("callback broken"); });
  f.loop.call_soon([&] { went_on = true; });
  CaptureStderr();
  f.turn();
  const std::string text = GetCapturedStderr();
  EXPECT_TRUE(went_on);
  EXPECT_TRUE(contains(text, "Unhandled error in exception handler")) << text;
  EXPECT_TRUE(contains(text, "handler broken\n")) << text;
  EXPECT_TRUE(contains(text, "callback broken\n")) << text;
  EXPECT_TRUE(contains(text, place(line))) << text;
}

// It is destroyed while it runs, with what it owns.
TEST_P(LoopErrors, AnExceptionHandlerReplacesItself) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  f.loop.set_exception_handler([&, text = std::string(100, 'a')](
                                   EventLoop& loop, const ExceptionContext&) {
    loop.set_exception_handler([&](EventLoop&, const ExceptionContext&) {
      journal.push_back("second");
    });
    journal.push_back(text);
  });
  f.loop.call_soon([] { throw 1; });
  f.loop.call_soon([] { throw 2; });
  f.turn();
  EXPECT_EQ(journal, (Journal{std::string(100, 'a'), "second"}));
}

// It may do what a callback may.
TEST_P(LoopErrors, AnExceptionHandlerUsesTheLoop) {
  FakeTimeLoop f(make_selector());
  const Pipe pipe;
  Journal journal;
  f.loop.set_exception_handler([&](EventLoop& loop, const ExceptionContext&) {
    EXPECT_EQ(&get_running_loop(), &loop);
    EXPECT_TRUE(loop.remove_reader(pipe.reader));
    loop.call_soon(note(journal, "scheduled"));
    loop.stop();
  });
  pipe.writer.write("x");
  f.loop.add_reader(pipe.reader, [] { throw 1; });
  f.loop.run_forever();
  f.turn();
  EXPECT_EQ(journal, Journal{"scheduled"});
}

// ---- Debug mode ----

TEST_P(LoopErrors, LogSlowCallbacks) {
  FakeTimeLoop f(make_selector());
  EXPECT_FALSE(f.loop.get_debug());
  EXPECT_EQ(f.loop.slow_callback_duration(), 100ms);
  f.loop.set_debug(true);
  EXPECT_TRUE(f.loop.get_debug());
  f.loop.set_slow_callback_duration(50ms);
  EXPECT_EQ(f.loop.slow_callback_duration(), 50ms);
  const auto slow = [&f] { f.time.advance(50ms); };
  const auto fast = [&f] { f.time.advance(49ms); };
  const Pipe pipe;
  pipe.writer.write("x");
  CaptureStderr();
  f.loop.call_soon(fast);
  const unsigned line = __LINE__ + 1;
  f.loop.call_soon(slow);
  f.loop.call_later(0ns, slow);
  f.loop.add_reader(pipe.reader, slow);
  f.turn();
  const std::string text = GetCapturedStderr();
  const auto report = [](unsigned l) {
    return "loop: Executing the callback scheduled at " + place(l) +
           " took 50 ms\n";
  };
  EXPECT_EQ(text, report(line) + report(line + 2) + report(line + 1));
  f.loop.set_debug(false);
  CaptureStderr();
  f.turn();
  EXPECT_EQ(GetCapturedStderr(), "");
  f.loop.remove_reader(pipe.reader);
}

// One that throws is slow all the same.
TEST_P(LoopErrors, ASlowCallbackThatThrows) {
  FakeTimeLoop f(make_selector());
  f.loop.set_debug(true);
  CaptureStderr();
  f.loop.call_soon([&] {
    f.time.advance(1s);
    throw 1;
  });
  f.turn();
  EXPECT_TRUE(contains(GetCapturedStderr(), "took 1 s"));
  EXPECT_EQ(f.take_errors().size(), 1u);
}

// A clock may begin at its own zero.
TEST_P(LoopErrors, ASlowCallbackAtTheBeginningOfTheClock) {
  TimePoint now{};
  EventLoop loop(make_selector(), [&now] { return now; });
  loop.set_debug(true);
  CaptureStderr();
  loop.call_soon([&] { now += 1s; });
  loop.run_once();
  EXPECT_TRUE(contains(GetCapturedStderr(), "took 1 s"));
}

// A signal that arrived in that iteration is handled in the next one.
TEST_P(LoopErrors, TheClockThrows) {
  FakeTime time;
  int fails_at = 0;
  const auto broken_clock = [&] {
    if (--fails_at == 0) throw std::runtime_error("the clock is broken");
    return time.now();
  };
  EventLoop loop(std::make_unique<SleeplessSelector>(make_selector(), time),
                 broken_clock);
  bool came = false;
  loop.add_signal_handler(SIGUSR1, [&] { came = true; });
  loop.call_later(1h, [] {});
  const TimePoint start = time.now();
  ::raise(SIGUSR1);
  fails_at = 2;  // After the wait.
  EXPECT_THROW(loop.run_once(), std::runtime_error);
  loop.run_once();
  EXPECT_TRUE(came);
  EXPECT_EQ(time.now(), start);
}

TEST_P(LoopErrors, CloseReportsWhatWasPending) {
  const Pipe pipe;
  for (const bool debug : {true, false}) {
    FakeTimeLoop f(make_selector());
    f.loop.set_debug(debug);
    const unsigned line = __LINE__ + 1;
    f.loop.call_soon([] {});
    f.loop.call_soon_threadsafe([] {});
    f.loop.call_later(1s, [] {});
    f.loop.call_every(1s, [] {});
    f.loop.add_reader(pipe.reader, [] {});
    f.loop.add_signal_handler(SIGUSR1, [] {});
    f.loop.call_soon([] {}).cancel();
    f.loop.call_later(1s, [] {}).cancel();
    CaptureStderr();
    f.loop.close();
    const std::string text = GetCapturedStderr();
    for (unsigned l = line; l < line + 6; ++l) {
      EXPECT_EQ(contains(text, "scheduled at " + place(l) + "\n"), debug) << l;
    }
    EXPECT_FALSE(contains(text, place(line + 6)));
    EXPECT_FALSE(contains(text, place(line + 7)));
  }
}

// From the right thread debug mode forbids nothing.
TEST_P(LoopErrors, DebugModeForbidsNothingThatIsRight) {
  FakeTimeLoop f(make_selector());
  f.loop.set_debug(true);
  const Pipe pipe;
  f.loop.call_soon([&] {
    Handle soon = f.loop.call_soon([] {});
    soon.cancel();
    f.loop.call_later(1s, [] {}).cancel();
    f.loop.add_writer(pipe.writer, [] {});
    f.loop.remove_writer(pipe.writer);
    f.loop.add_signal_handler(SIGUSR1, [] {});
    f.loop.remove_signal_handler(SIGUSR1);
  });
  f.turn(2);
}

}  // namespace
}  // namespace loop
