// What the kernel refuses, and what happens then.

#include <gtest/gtest.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>

#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/fd_handlers.h"
#include "loop/callbacks/source_location.h"
#include "selectors/kernel/call.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using tests::FaultInjector;

class LoopRefusals : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopRefusals, tests::all_selectors(),
                         tests::name_of);

bool is_wait(const selectors::kernel::Call& call) {
  for (const char* const name :
       {"pselect", "poll", "ppoll", "epoll_wait", "epoll_pwait2", "kevent"}) {
    if (FaultInjector::is(call, name)) return true;
  }
  return false;
}

// ---- What the kernel refuses ----

// R72. Registered in vain; the loop goes on, and has forgotten the handlers.
TEST_P(LoopRefusals, R72_ARefusedDescriptorIsReportedAndRemoved) {
  FakeTimeLoop f(make_selector());
  if (f.selector->name() == "SelectSelector" ||
      f.selector->name() == "PollSelector") {
    GTEST_SKIP() << "registers without a system call";
  }
  const SocketPair pair;
  pair.second.write("x");
  const auto never = [] { ADD_FAILURE() << "came"; };
  const unsigned line = __LINE__ + 1;
  f.loop.add_reader(pair.first, never);
  f.loop.add_writer(pair.first, never);
  {
    const FaultInjector fault(1, ENOSPC);
    f.loop.run_once();  // Does not sleep.
    EXPECT_TRUE(fault.fired());
  }
  EXPECT_EQ(f.ms(), 0);
  const auto errors = f.take_errors();
  ASSERT_EQ(errors.size(), 2u);
  for (const ExceptionContext& error : errors) {
    EXPECT_EQ(errno_of(error.exception), ENOSPC);
    const std::string number = std::to_string(pair.first.fileno());
    EXPECT_TRUE(contains(error.message, " of fd " + number)) << error.message;
  }
  EXPECT_TRUE(contains(errors[0].message, "reader"));
  EXPECT_TRUE(contains(errors[1].message, "writer"));
  EXPECT_EQ(errors[0].where.repr(), place(line));
  EXPECT_EQ(errors[1].where.repr(), place(line + 1));
  EXPECT_FALSE(f.loop.remove_reader(pair.first));
  EXPECT_FALSE(f.loop.remove_writer(pair.first));
  EXPECT_THROW(f.loop.run_once(), std::logic_error);  // It does not spin.
  // It can be asked again.
  bool came = false;
  f.loop.add_reader(pair.first, [&] { came = true; });
  f.turn();
  EXPECT_TRUE(came);
  f.loop.remove_reader(pair.first);
}

// R74: closed after it was added. Where the kernel is not asked until the wait,
// see the next test.
TEST_P(LoopRefusals, R74_AClosedDescriptorIsReported) {
  FakeTimeLoop f(make_selector());
  if (f.selector->name() != "EpollSelector" &&
      f.selector->name() != "KqueueSelector") {
    GTEST_SKIP() << "registers without asking";
  }
  Journal journal;
  SocketPair pair;
  const int fd = pair.first.fileno();
  f.loop.add_reader(fd,
                    [alive = at_destruction(note(journal, "destroyed"))] {});
  f.loop.add_writer(fd, [] {});
  pair.first.close();
  f.turn();
  EXPECT_EQ(journal, Journal{"destroyed"});
  const auto errors = f.take_errors();
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errno_of(errors[0].exception), EBADF);
  EXPECT_EQ(errno_of(errors[1].exception), EBADF);
  EXPECT_FALSE(f.loop.remove_reader(fd));
  EXPECT_THROW(f.loop.run_once(), std::logic_error);
}

// R74: closed behind the loop's back. However a selector takes that, nothing
// aborts, nobody hangs, and the loop can be used again.
TEST_P(LoopRefusals, R74_ClosedBehindTheLoopsBack) {
  FakeTimeLoop f(make_selector());
  SocketPair pair;
  const int fd = pair.first.fileno();
  const auto nothing = [] {};
  f.loop.add_reader(fd, nothing);
  f.turn();
  pair.first.close();
  f.loop.add_writer(fd, nothing);
  const auto run = [&] {
    try {
      f.turn();
    } catch (const OSError& error) {
      EXPECT_EQ(error.code().value(), EBADF);
      EXPECT_EQ(f.selector->name(), "SelectSelector");
    }
  };
  run();
  run();
  for (const ExceptionContext& error : f.take_errors()) {
    EXPECT_EQ(errno_of(error.exception), EBADF);
  }
  f.loop.remove_reader(fd);
  f.loop.remove_writer(fd);
  bool ran = false;
  f.loop.call_soon([&] { ran = true; });
  f.turn();
  EXPECT_TRUE(ran);
  EXPECT_THROW(f.loop.run_once(), std::logic_error);
}

// The destructor of a handler that is refused adds another.
TEST_P(LoopRefusals, ARefusedHandlerAddsAnother) {
  FakeTimeLoop f(make_selector());
  if (f.selector->name() != "EpollSelector" &&
      f.selector->name() != "KqueueSelector") {
    GTEST_SKIP() << "registers without asking";
  }
  const Pipe pipe;
  Pipe closed;
  pipe.writer.write("x");
  bool came = false;
  f.loop.add_reader(closed.reader, [alive = at_destruction([&] {
                                      f.loop.add_reader(pipe.reader,
                                                        [&] { came = true; });
                                    })] {});
  closed.reader.close();
  f.turn(2);
  EXPECT_EQ(f.take_errors().size(), 1u);
  EXPECT_TRUE(came);
  f.loop.remove_reader(pipe.reader);
}

// The destructor of a refused reader may cancel a task that waits for writing:
// the wait has ended by then.
TEST_P(LoopRefusals, ARefusalEndsWaitsBeforeItDestroysHandlers) {
  struct Waiter : DescriptorWaiter {
    using DescriptorWaiter::is_waiting;
    void ready() override {}
    void failed() override { has_failed = true; }
    bool has_failed = false;
  };
  FakeTimeLoop f(make_selector());
  if (f.selector->name() != "EpollSelector" &&
      f.selector->name() != "KqueueSelector") {
    GTEST_SKIP() << "registers without asking";
  }
  Pipe closed;
  const int fd = closed.reader.fileno();
  Waiter waiter;
  bool is_destroyed = false;
  f.loop.add_reader(fd, [alive = at_destruction([&] {
                           EXPECT_FALSE(waiter.is_waiting());
                           is_destroyed = true;
                         })] {});
  f.loop.wait(fd, FdHandlers::kWriter, waiter, SourceLocation());
  EXPECT_TRUE(waiter.is_waiting());
  closed.reader.close();
  f.turn();
  EXPECT_TRUE(is_destroyed);
  EXPECT_TRUE(waiter.has_failed);
  EXPECT_EQ(f.take_errors().size(), 1u);
}

// R73: a wait that fails is not "nothing is ready". Nothing is lost.
TEST_P(LoopRefusals, R73_AFailingWaitLeavesRunForever) {
  FakeTimeLoop f(make_selector());
  const Pipe pipe;
  Journal journal;
  f.loop.add_reader(pipe.reader, [&] {
    journal.push_back("reader");
    f.loop.remove_reader(pipe.reader);
  });
  f.turn();  // Registers it.
  pipe.writer.write("x");
  f.loop.call_soon_threadsafe(note(journal, "threadsafe"));
  f.loop.call_soon(note(journal, "soon"));
  f.loop.call_later(0ns, note(journal, "timer"));
  {
    const bool devpoll = f.selector->name() == "DevpollSelector";
    const FaultInjector fault(1, EINVAL, [devpoll](const auto& call) {
      return is_wait(call) || (devpoll && FaultInjector::is(call, "ioctl"));
    });
    EXPECT_THROW(f.loop.run_forever(), OSError);
    EXPECT_TRUE(fault.fired());
  }
  EXPECT_EQ(journal, Journal());
  EXPECT_FALSE(f.loop.is_running());
  EXPECT_THROW(get_running_loop(), RuntimeError);
  f.turn();
  EXPECT_EQ(journal, (Journal{"threadsafe", "soon", "reader", "timer"}));
}

// PEP 475's other half: what the interrupt hook throws leaves run_forever().
TEST_P(LoopRefusals, RunForeverKeyboardInterrupt) {
  auto selector = make_selector();
  struct KeyboardInterrupt {};
  selector->set_interrupt_hook([] { throw KeyboardInterrupt(); });
  EventLoop loop(std::move(selector));
  bool came = false;
  loop.call_later(1ms, [&] {
    came = true;
    loop.stop();
  });
  {
    const bool devpoll = std::string_view(GetParam().name) == "DevpollSelector";
    const FaultInjector fault(1, EINTR, [devpoll](const auto& call) {
      return is_wait(call) || (devpoll && FaultInjector::is(call, "ioctl"));
    });
    EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);
  }
  EXPECT_FALSE(loop.is_running());
  EXPECT_FALSE(came);
  loop.run_forever();
  EXPECT_TRUE(came);
}

// "Throws OSError if there is no descriptor left", and leaves none behind.
TEST_P(LoopRefusals, ALoopThatCannotBeMadeLeavesNothing) {
  const auto before = tests::open_fds();
  for (int nth = 1; nth < 10; ++nth) {
    auto selector = make_selector();
    const FaultInjector fault(nth, EMFILE);
    if (nth == 1) {
      EXPECT_THROW(EventLoop(std::move(selector)), OSError);
    } else {
      try {
        const EventLoop loop(std::move(selector));
      } catch (const OSError& error) {
        EXPECT_EQ(error.code().value(), EMFILE);
      }
    }
    selector.reset();
    EXPECT_EQ(tests::open_fds(), before) << nth;
  }
}

}  // namespace
}  // namespace loop
