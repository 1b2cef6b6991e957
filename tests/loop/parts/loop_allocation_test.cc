// Once warm, a loop asks for no memory, whatever it is asked to do.

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "tests/support/allocations.h"
#include "tests/support/files.h"
#include "tests/support/real_selectors.h"

namespace loop {
namespace {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.

// The largest closure that stands in a Callback.
struct Closure {
  void operator()() const { ++*calls; }
  int* calls;
  std::array<void*, 5> more{};
};
static_assert(sizeof(Closure) == 48);

template <class Selector>
class LoopAllocationTest : public ::testing::Test {
 protected:
  // How often `round` asks for memory when it has been done a few times.
  template <class Round>
  static std::size_t allocations_of(Round round) {
    for (int i = 0; i < 4; ++i) round();
    const std::size_t before = tests::allocations();
    for (int i = 0; i < 16; ++i) round();
    return tests::allocations() - before;
  }

  TimePoint now_{1h};
  EventLoop loop_{std::make_unique<Selector>(), [this] { return now_; }};
  int calls_ = 0;
  const Closure closure_{&calls_};
};
TYPED_TEST_SUITE(LoopAllocationTest, tests::RealSelectors);

TYPED_TEST(LoopAllocationTest, CallSoon) {
  const auto round = [this] {
    for (int i = 0; i < 100; ++i) this->loop_.call_soon(this->closure_);
    this->loop_.run_once(0s);
  };
  EXPECT_EQ(this->allocations_of(round), 0u);
  EXPECT_EQ(this->calls_, 2000);
}

TYPED_TEST(LoopAllocationTest, CallSoonThreadsafe) {
  const auto round = [this] {
    for (int i = 0; i < 100; ++i) {
      this->loop_.call_soon_threadsafe(this->closure_);
    }
    this->loop_.run_once(0s);
  };
  EXPECT_EQ(this->allocations_of(round), 0u);
  EXPECT_EQ(this->calls_, 2000);
}

TYPED_TEST(LoopAllocationTest, CallLater) {
  const auto round = [this] {
    for (int i = 0; i < 100; ++i) {
      this->loop_.call_later(1s * (i % 7), this->closure_);
    }
    this->now_ += 10s;
    this->loop_.run_once(0s);
  };
  EXPECT_EQ(this->allocations_of(round), 0u);
  EXPECT_EQ(this->calls_, 2000);
}

TYPED_TEST(LoopAllocationTest, Cancel) {
  std::array<Handle, 100> soon;
  std::array<Handle, 100> posted;
  std::array<TimerHandle, 100> timers;
  const auto round = [&] {
    for (Handle& h : soon) h = this->loop_.call_soon(this->closure_);
    for (Handle& h : posted) {
      h = this->loop_.call_soon_threadsafe(this->closure_);
    }
    for (TimerHandle& h : timers)
      h = this->loop_.call_later(1s, this->closure_);
    for (Handle& h : soon) h.cancel();
    for (Handle& h : posted) h.cancel();
    for (TimerHandle& h : timers) h.cancel();
    this->loop_.run_once(0s);
  };
  EXPECT_EQ(this->allocations_of(round), 0u);
  EXPECT_EQ(this->calls_, 0);
}

TYPED_TEST(LoopAllocationTest, AddReaderAndRemoveReader) {
  const std::vector<tests::Pipe> pipes(50);
  for (const tests::Pipe& pipe : pipes) pipe.writer.write("x");
  const auto round = [&] {
    for (const tests::Pipe& pipe : pipes) {
      this->loop_.add_reader(pipe.reader, this->closure_);
      this->loop_.add_writer(pipe.writer, this->closure_);
    }
    this->loop_.run_once(0s);
    for (const tests::Pipe& pipe : pipes) {
      this->loop_.remove_reader(pipe.reader);
      this->loop_.remove_writer(pipe.writer);
    }
    this->loop_.run_once(0s);
  };
  EXPECT_EQ(this->allocations_of(round), 0u);
  EXPECT_EQ(this->calls_, 20 * 2 * 50);
}

// So it cannot fail for want of memory, warm or not.
TYPED_TEST(LoopAllocationTest, RemoveReaderAsksForNone) {
  const tests::Pipe watched;
  const tests::Pipe other;
  this->loop_.add_reader(watched.reader, this->closure_);
  this->loop_.run_once(0s);
  this->loop_.add_reader(other.reader, this->closure_);
  const std::size_t before = tests::allocations();
  this->loop_.remove_reader(watched.reader);
  EXPECT_EQ(tests::allocations(), before);
}

TYPED_TEST(LoopAllocationTest, TicksOfAnInterval) {
  this->loop_.call_every(1s, this->closure_);
  const auto round = [this] {
    this->now_ += 1s;
    this->loop_.run_once(0s);
  };
  EXPECT_EQ(this->allocations_of(round), 0u);
  EXPECT_EQ(this->calls_, 20);
}

TYPED_TEST(LoopAllocationTest, Signals) {
  this->loop_.add_signal_handler(SIGUSR1, this->closure_);
  const auto round = [this] {
    ::raise(SIGUSR1);
    this->loop_.run_once(1s);
  };
  EXPECT_EQ(this->allocations_of(round), 0u);
  EXPECT_EQ(this->calls_, 20);
}

// So that the others would notice.
TYPED_TEST(LoopAllocationTest, ALargerClosureIsOneAllocation) {
  struct Larger : Closure {
    void* one_more = nullptr;
  };
  const auto round = [this] {
    this->loop_.call_soon(Larger{{&this->calls_}});
    this->loop_.run_once(0s);
  };
  EXPECT_EQ(this->allocations_of(round), 16u);
}

}  // namespace
}  // namespace loop
