// Once warm, a loop asks for no memory, whatever it is asked to do.

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <cstddef>
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

class LoopAllocationTest : public ::testing::Test, public tests::PerSelector {
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
  EventLoop loop_{make_selector(), [this] { return now_; }};
  int calls_ = 0;
  const Closure closure_{&calls_};
};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopAllocationTest, tests::real_selectors(),
                         tests::name_of);

TEST_P(LoopAllocationTest, CallSoon) {
  const auto round = [this] {
    for (int i = 0; i < 100; ++i) loop_.call_soon(closure_);
    loop_.run_once(0s);
  };
  EXPECT_EQ(allocations_of(round), 0u);
  EXPECT_EQ(calls_, 2000);
}

TEST_P(LoopAllocationTest, CallSoonThreadsafe) {
  const auto round = [this] {
    for (int i = 0; i < 100; ++i) {
      loop_.call_soon_threadsafe(closure_);
    }
    loop_.run_once(0s);
  };
  EXPECT_EQ(allocations_of(round), 0u);
  EXPECT_EQ(calls_, 2000);
}

TEST_P(LoopAllocationTest, CallLater) {
  const auto round = [this] {
    for (int i = 0; i < 100; ++i) {
      loop_.call_later(1s * (i % 7), closure_);
    }
    now_ += 10s;
    loop_.run_once(0s);
  };
  EXPECT_EQ(allocations_of(round), 0u);
  EXPECT_EQ(calls_, 2000);
}

TEST_P(LoopAllocationTest, Cancel) {
  std::array<Handle, 100> soon;
  std::array<Handle, 100> posted;
  std::array<TimerHandle, 100> timers;
  const auto round = [&] {
    for (Handle& h : soon) h = loop_.call_soon(closure_);
    for (Handle& h : posted) {
      h = loop_.call_soon_threadsafe(closure_);
    }
    for (TimerHandle& h : timers) h = loop_.call_later(1s, closure_);
    for (Handle& h : soon) h.cancel();
    for (Handle& h : posted) h.cancel();
    for (TimerHandle& h : timers) h.cancel();
    loop_.run_once(0s);
  };
  EXPECT_EQ(allocations_of(round), 0u);
  EXPECT_EQ(calls_, 0);
}

TEST_P(LoopAllocationTest, AddReaderAndRemoveReader) {
  const std::vector<tests::Pipe> pipes(50);
  for (const tests::Pipe& pipe : pipes) pipe.writer.write("x");
  const auto round = [&] {
    for (const tests::Pipe& pipe : pipes) {
      loop_.add_reader(pipe.reader, closure_);
      loop_.add_writer(pipe.writer, closure_);
    }
    loop_.run_once(0s);
    for (const tests::Pipe& pipe : pipes) {
      loop_.remove_reader(pipe.reader);
      loop_.remove_writer(pipe.writer);
    }
    loop_.run_once(0s);
  };
  EXPECT_EQ(allocations_of(round), 0u);
  EXPECT_EQ(calls_, 20 * 2 * 50);
}

// So it cannot fail for want of memory, warm or not.
TEST_P(LoopAllocationTest, RemoveReaderAsksForNone) {
  const tests::Pipe watched;
  const tests::Pipe other;
  loop_.add_reader(watched.reader, closure_);
  loop_.run_once(0s);
  loop_.add_reader(other.reader, closure_);
  const std::size_t before = tests::allocations();
  loop_.remove_reader(watched.reader);
  EXPECT_EQ(tests::allocations(), before);
}

TEST_P(LoopAllocationTest, TicksOfAnInterval) {
  loop_.call_every(1s, closure_);
  const auto round = [this] {
    now_ += 1s;
    loop_.run_once(0s);
  };
  EXPECT_EQ(allocations_of(round), 0u);
  EXPECT_EQ(calls_, 20);
}

TEST_P(LoopAllocationTest, Signals) {
  loop_.add_signal_handler(SIGUSR1, closure_);
  const auto round = [this] {
    ::raise(SIGUSR1);
    loop_.run_once(1s);
  };
  EXPECT_EQ(allocations_of(round), 0u);
  EXPECT_EQ(calls_, 20);
}

// So that the others would notice.
TEST_P(LoopAllocationTest, ALargerClosureIsOneAllocation) {
  struct Larger : Closure {
    void* one_more = nullptr;
  };
  const auto round = [this] {
    loop_.call_soon(Larger{{&calls_}});
    loop_.run_once(0s);
  };
  EXPECT_EQ(allocations_of(round), 16u);
}

}  // namespace
}  // namespace loop
