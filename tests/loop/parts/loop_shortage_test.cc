// A loop that runs out of memory: what it cannot do throws std::bad_alloc, and
// nothing has changed.

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/interval.h"
#include "selectors/errors.h"
#include "tests/support/allocations.h"
#include "tests/support/files.h"
#include "tests/support/real_selectors.h"

namespace loop {
namespace {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.
using tests::Pipe;

// Each attempt has a loop of its own, which has asked for little memory yet.
template <class Selector>
class LoopShortageTest : public ::testing::Test {
 protected:
  void make_loop() {
    calls_ = errors_ = 0;
    loop_.reset();
    loop_.emplace(std::make_unique<Selector>(), [this] { return now_; });
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

TYPED_TEST_SUITE(LoopShortageTest, tests::RealSelectors);

// It is moved from only when there is a place for it.
TYPED_TEST(LoopShortageTest, CallSoonThatThrowsLeavesTheCallback) {
  this->make_loop();
  auto callback = [this, owned = std::make_unique<int>(1)] {
    if (owned != nullptr) ++this->calls_;
  };
  {
    const tests::FailingAllocations failing;
    const auto fill = [&] {
      for (;;) this->loop_->call_soon([] {});
    };
    EXPECT_THROW(fill(), std::bad_alloc);
    EXPECT_THROW(this->loop_->call_soon(std::move(callback)), std::bad_alloc);
  }
  callback();  // NOLINT(bugprone-use-after-move): it was not.
  EXPECT_EQ(this->calls_, 1);
  this->loop_->close();
  EXPECT_THROW(this->loop_->call_soon(std::move(callback)),
               selectors::RuntimeError);
  callback();  // NOLINT(bugprone-use-after-move): it was not.
  EXPECT_EQ(this->calls_, 2);
}

// Nor is it moved from when it belongs to the caller, also where call_soon()
// has more to do: in debug mode, and when there is no room.
TYPED_TEST(LoopShortageTest, CallSoonCopiesWhatIsKept) {
  this->make_loop();
  this->loop_->set_debug(true);
  const auto callback = [this, owned = std::make_shared<int>(1)] {
    if (owned != nullptr) ++this->calls_;
  };
  auto same = callback;
  this->loop_->call_soon(callback);
  this->loop_->call_soon(same);
  this->turn();
  callback();
  same();
  EXPECT_EQ(this->calls_, 4);
}

TYPED_TEST(LoopShortageTest, CallSoon) {
  this->try_each_place([this] { this->loop_->call_soon(this->counting()); });
}

TYPED_TEST(LoopShortageTest, CallSoonThreadsafe) {
  this->try_each_place(
      [this] { this->loop_->call_soon_threadsafe(this->counting()); });
}

// Which takes what was posted before.
TYPED_TEST(LoopShortageTest, CallSoonBehindAPost) {
  tests::EachShortage shortage;
  while (shortage.next()) {
    this->make_loop();
    this->loop_->call_soon_threadsafe(this->counting());
    const bool done =
        shortage.survives([&] { this->loop_->call_soon(this->counting()); });
    this->turn();
    EXPECT_EQ(this->calls_, done ? 2 : 1);
  }
  EXPECT_GT(shortage.places(), 1u);
}

TYPED_TEST(LoopShortageTest, CallLater) {
  this->try_each_place(
      [this] { this->loop_->call_later(1s, this->counting()); },
      [this] {
        this->now_ += 1s;
        this->turn();
      });
}

TYPED_TEST(LoopShortageTest, CallEvery) {
  IntervalHandle interval;
  this->try_each_place(
      [&] {
        interval.cancel();
        interval = this->loop_->call_every(2s, this->counting());
      },
      [this] {
        this->now_ += 2s;
        this->turn();
      });
}

TYPED_TEST(LoopShortageTest, AddReader) {
  const Pipe pipe;
  pipe.writer.write("x");
  this->try_each_place(
      [&] { this->loop_->add_reader(pipe.reader, this->counting()); },
      [&] {
        this->turn();
        this->loop_->remove_reader(pipe.reader);
      });
}

// The reader that is there stays.
TYPED_TEST(LoopShortageTest, ReplaceReader) {
  const Pipe pipe;
  pipe.writer.write("x");
  tests::EachShortage shortage;
  while (shortage.next()) {
    this->make_loop();
    int old_calls = 0;
    this->loop_->add_reader(pipe.reader, [&] { ++old_calls; });
    this->turn();
    const bool done = shortage.survives(
        [&] { this->loop_->add_reader(pipe.reader, this->counting()); });
    this->turn();
    EXPECT_EQ(this->calls_, done ? 1 : 0);
    EXPECT_EQ(old_calls, done ? 1 : 2);
  }
  EXPECT_GT(shortage.places(), 0u);
}

TYPED_TEST(LoopShortageTest, AddSignalHandler) {
  const auto ignore = ::signal(SIGUSR1, SIG_IGN);
  this->try_each_place(
      [this] { this->loop_->add_signal_handler(SIGUSR1, this->counting()); },
      [this] {
        ::raise(SIGUSR1);
        this->turn();
        this->loop_->remove_signal_handler(SIGUSR1);
        ::raise(SIGUSR1);  // Ignored as before.
      });
  ::signal(SIGUSR1, ignore);
}

// Whatever could not be done this time is done the next time.
TYPED_TEST(LoopShortageTest, RunOnce) {
  const Pipe pipe;
  pipe.writer.write("x");
  tests::EachShortage shortage;
  while (shortage.next()) {
    this->make_loop();
    int read = 0;
    for (int i = 0; i < 10; ++i) {
      this->loop_->call_soon(this->counting());
      this->loop_->call_soon_threadsafe(this->counting());
      this->loop_->call_later(0s, this->counting());
    }
    for (int i = 0; i < 200; ++i) {
      this->loop_->call_soon_threadsafe(this->counting());
    }
    this->loop_->add_signal_handler(SIGUSR1, this->counting());
    ::raise(SIGUSR1);
    this->loop_->add_reader(pipe.reader, [&] {
      ++read;
      this->loop_->remove_reader(pipe.reader);
    });
    shortage.survives([this] { this->turn(); });
    for (int i = 0; i < 3; ++i) this->turn();
    EXPECT_EQ(this->calls_, 231);
    EXPECT_EQ(read + this->errors_, 1);  // It may have been refused.
  }
  EXPECT_GT(shortage.places(), 1u);
}

TYPED_TEST(LoopShortageTest, CloseNeedsNone) {
  const Pipe pipe;
  int deaths = 0;
  const auto closure = [&] {
    const auto die = [&deaths](void*) { ++deaths; };
    return [dying = std::shared_ptr<void>(nullptr, die)] {};
  };
  this->make_loop();
  for (int i = 0; i < 1000; ++i) {
    this->loop_->call_soon(closure());
    this->loop_->call_soon_threadsafe(closure());
    this->loop_->call_later(1h, closure());
  }
  this->loop_->add_reader(pipe.reader, closure());
  this->loop_->add_signal_handler(SIGUSR1, closure());
  {
    const tests::FailingAllocations failing;
    this->loop_->close();
  }
  EXPECT_EQ(deaths, 3002);
}

}  // namespace
}  // namespace loop
