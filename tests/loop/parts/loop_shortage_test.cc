// A loop that runs out of memory: what it cannot do throws std::bad_alloc, and
// nothing has changed.

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/fd_handlers.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/interval.h"
#include "loop/callbacks/source_location.h"
#include "selectors/errors.h"
#include "tests/support/allocations.h"
#include "tests/support/files.h"
#include "tests/support/real_selectors.h"

namespace loop {
namespace {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.
using tests::Pipe;

// Each attempt has a loop of its own, which has asked for little memory yet.
class LoopShortageTest : public ::testing::Test, public tests::PerSelector {
 protected:
  void make_loop() {
    calls_ = errors_ = 0;
    loop_.reset();
    loop_.emplace(make_selector(), [this] { return now_; });
    loop_->set_exception_handler([this](auto&&...) { ++errors_; });
  }

  void turn() { loop_->run_once(0s); }

  // Too large to stand in a Callback.
  auto counting() {
    return [this, more = std::array<void*, 8>()] {
      static_cast<void>(more);
      ++calls_;
    };
  }

  // Does something of which `run_all` then tells how often calls_ went up:
  // once if that succeeded, and not at all if there was no memory. Then it is
  // done again, with enough memory.
  template <class Operation, class RunAll>
  void try_each_place(Operation operation, RunAll run_all) {
    tests::EachShortage shortage;
    while (shortage.next()) {
      make_loop();
      const int done = shortage.survives(operation) ? 1 : 0;
      run_all();
      EXPECT_EQ(calls_, done);
      operation();
      run_all();
      EXPECT_EQ(calls_, done + 1);
    }
    EXPECT_GT(shortage.places(), 0u);
  }
  template <class Operation>
  void try_each_place(Operation operation) {
    try_each_place(operation, [this] { turn(); });
  }

  TimePoint now_{1h};
  std::optional<EventLoop> loop_;
  int calls_ = 0;
  int errors_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Selectors, LoopShortageTest, tests::real_selectors(),
                         tests::name_of);

// It is moved from only when there is a place for it.
TEST_P(LoopShortageTest, CallSoonThatThrowsLeavesTheCallback) {
  make_loop();
  auto callback = [this, owned = std::make_unique<int>(1)] {
    if (owned != nullptr) ++calls_;
  };
  {
    const tests::FailingAllocations failing;
    const auto fill = [&] {
      for (;;) loop_->call_soon([] {});
    };
    EXPECT_THROW(fill(), std::bad_alloc);
    EXPECT_THROW(loop_->call_soon(std::move(callback)), std::bad_alloc);
  }
  callback();  // NOLINT(bugprone-use-after-move): it was not.
  EXPECT_EQ(calls_, 1);
  loop_->close();
  EXPECT_THROW(loop_->call_soon(std::move(callback)), selectors::RuntimeError);
  callback();  // NOLINT(bugprone-use-after-move): it was not.
  EXPECT_EQ(calls_, 2);
}

// Nor is it moved from when it belongs to the caller, also where call_soon()
// has more to do: in debug mode, and when there is no room.
TEST_P(LoopShortageTest, CallSoonCopiesWhatIsKept) {
  make_loop();
  loop_->set_debug(true);
  const auto callback = [this, owned = std::make_shared<int>(1)] {
    if (owned != nullptr) ++calls_;
  };
  auto same = callback;
  loop_->call_soon(callback);
  loop_->call_soon(same);
  turn();
  callback();
  same();
  EXPECT_EQ(calls_, 4);
}

TEST_P(LoopShortageTest, CallSoon) {
  try_each_place([this] { loop_->call_soon(counting()); });
}

TEST_P(LoopShortageTest, CallSoonThreadsafe) {
  try_each_place([this] { loop_->call_soon_threadsafe(counting()); });
}

// Which takes what was posted before.
TEST_P(LoopShortageTest, CallSoonBehindAPost) {
  tests::EachShortage shortage;
  while (shortage.next()) {
    make_loop();
    loop_->call_soon_threadsafe(counting());
    const bool done = shortage.survives([&] { loop_->call_soon(counting()); });
    turn();
    EXPECT_EQ(calls_, done ? 2 : 1);
  }
  EXPECT_GT(shortage.places(), 1u);
}

TEST_P(LoopShortageTest, CallLater) {
  try_each_place([this] { loop_->call_later(1s, counting()); },
                 [this] {
                   now_ += 1s;
                   turn();
                 });
}

TEST_P(LoopShortageTest, CallEvery) {
  IntervalHandle interval;
  try_each_place(
      [&] {
        interval.cancel();
        interval = loop_->call_every(2s, counting());
      },
      [this] {
        now_ += 2s;
        turn();
      });
}

TEST_P(LoopShortageTest, AddReader) {
  const Pipe pipe;
  pipe.writer.write("x");
  try_each_place([&] { loop_->add_reader(pipe.reader, counting()); },
                 [&] {
                   turn();
                   loop_->remove_reader(pipe.reader);
                 });
}

// The reader that is there stays.
TEST_P(LoopShortageTest, ReplaceReader) {
  const Pipe pipe;
  pipe.writer.write("x");
  tests::EachShortage shortage;
  while (shortage.next()) {
    make_loop();
    int old_calls = 0;
    loop_->add_reader(pipe.reader, [&] { ++old_calls; });
    turn();
    const bool done =
        shortage.survives([&] { loop_->add_reader(pipe.reader, counting()); });
    turn();
    EXPECT_EQ(calls_, done ? 1 : 0);
    EXPECT_EQ(old_calls, done ? 1 : 2);
  }
  EXPECT_GT(shortage.places(), 0u);
}

TEST_P(LoopShortageTest, AddSignalHandler) {
  const auto ignore = ::signal(SIGUSR1, SIG_IGN);
  try_each_place([this] { loop_->add_signal_handler(SIGUSR1, counting()); },
                 [this] {
                   ::raise(SIGUSR1);
                   turn();
                   loop_->remove_signal_handler(SIGUSR1);
                   ::raise(SIGUSR1);  // Ignored as before.
                 });
  ::signal(SIGUSR1, ignore);
}

// Whatever could not be done this time is done the next time.
TEST_P(LoopShortageTest, RunOnce) {
  const Pipe pipe;
  pipe.writer.write("x");
  tests::EachShortage shortage;
  while (shortage.next()) {
    make_loop();
    int read = 0;
    for (int i = 0; i < 10; ++i) {
      loop_->call_soon(counting());
      loop_->call_soon_threadsafe(counting());
      loop_->call_later(0s, counting());
    }
    for (int i = 0; i < 200; ++i) {
      loop_->call_soon_threadsafe(counting());
    }
    loop_->add_signal_handler(SIGUSR1, counting());
    ::raise(SIGUSR1);
    loop_->add_reader(pipe.reader, [&] {
      ++read;
      loop_->remove_reader(pipe.reader);
    });
    shortage.survives([this] { turn(); });
    for (int i = 0; i < 3; ++i) turn();
    EXPECT_EQ(calls_, 231);
    EXPECT_EQ(read + errors_, 1);  // It may have been refused.
  }
  EXPECT_GT(shortage.places(), 1u);
}

// Also if the memory runs out when all of them have been scheduled. A report
// that there is no memory for is lost.
TEST_P(LoopShortageTest, NoRefusalIsReportedTwice) {
  constexpr int kNumber = 800;  // Not open.
  for (const int queued : {0, 126, 127, 128}) {
    tests::EachShortage shortage;
    while (shortage.next()) {
      make_loop();
      loop_->set_exception_handler([this](auto&, const auto& context) {
        ++errors_;
        EXPECT_TRUE(context.exception);
      });
      for (int i = 0; i < queued; ++i) loop_->call_soon([] {});
      loop_->add_reader(kNumber, [] {});
      shortage.survives([this] { turn(); });
      for (int i = 0; i < 3; ++i) turn();
      EXPECT_LE(errors_, 1);
    }
  }
}

// A wait whose reason to fail needs too much memory fails with bad_alloc.
TEST_P(LoopShortageTest, WaitsEndWithoutMemory) {
  struct Waiter : DescriptorWaiter {
    void ready() override {}
    void failed() override {
      EXPECT_THROW(std::rethrow_exception(error_), std::bad_alloc);
      has_failed = true;
    }
    bool has_failed = false;
  };
  const Pipe pipe;
  const int fd = pipe.reader.fileno();
  for (const bool removes : {false, true}) {
    make_loop();
    Waiter waiter;
    loop_->wait(fd, FdHandlers::kReader, waiter, SourceLocation());
    {
      const tests::FailingAllocations failing;
      if (removes) {
        EXPECT_TRUE(loop_->remove_reader(fd));
      } else {
        loop_->end_waits(fd);
      }
    }
    turn();
    EXPECT_TRUE(waiter.has_failed);
  }
}

TEST(ReportShortageTest, AReportOfAnotherThreadIsLost) {
  testing::internal::CaptureStderr();
  try {
    throw std::runtime_error("the reason");
  } catch (const std::runtime_error&) {
    const tests::FailingAllocations failing;
    EventLoop::report_without_loop("a message of more than fifteen bytes");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "loop: out of memory, a report is lost\n");
}

TEST_P(LoopShortageTest, CloseNeedsNone) {
  const Pipe pipe;
  int deaths = 0;
  const auto closure = [&] {
    const auto die = [&deaths](void*) { ++deaths; };
    return [dying = std::shared_ptr<void>(nullptr, die)] {};
  };
  make_loop();
  for (int i = 0; i < 1000; ++i) {
    loop_->call_soon(closure());
    loop_->call_soon_threadsafe(closure());
    loop_->call_later(1h, closure());
  }
  loop_->add_reader(pipe.reader, closure());
  loop_->add_signal_handler(SIGUSR1, closure());
  {
    const tests::FailingAllocations failing;
    loop_->close();
  }
  EXPECT_EQ(deaths, 3002);
}

}  // namespace
}  // namespace loop
