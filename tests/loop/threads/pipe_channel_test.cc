// Where there is no eventfd a pipe wakes the loop. A pipe can be full.

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "loop/callbacks/event_loop.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::kernel::Call;
using tests::FaultInjector;

// Has eventfd() fail.
class NoEventfd : public FaultInjector {
 public:
  explicit NoEventfd(int error = ENOSYS)
      : FaultInjector(kAll, error,
                      [](const Call& call) { return is(call, "eventfd"); }) {}
};

// Posts each time when the loop is about to sleep.
struct PostsBeforeEachWait : selectors::kernel::Interceptor {
  explicit PostsBeforeEachWait(EventLoop& l) : loop(l) {}
  std::optional<selectors::kernel::Word> enter(const Call& call) override {
    if (is_wait(call)) loop.call_soon_threadsafe([this] { ++ran; });
    return std::nullopt;
  }
  void leave(const Call& call) override {
    full = full || (FaultInjector::is(call, "write") && call.error == EAGAIN);
  }
  EventLoop& loop;
  bool full = false;
  int ran = 0;
};

class PipeChannelTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, PipeChannelTest, tests::all_selectors(),
                         tests::name_of);

TEST_P(PipeChannelTest, Wakes) {
  const NoEventfd none;
  EventLoop loop(make_selector());
  EXPECT_TRUE(none.fired());
  for (int i = 0; i < 10; ++i) {
    int ran = 0;
    const BeforeWait post(
        [&] { in_thread([&] { loop.call_soon_threadsafe([&] { ++ran; }); }); });
    run_woken(loop);
    ASSERT_EQ(ran, 1);
  }
}

TEST_P(PipeChannelTest, ASandboxThatForbidsEventfd) {
  const NoEventfd none(EPERM);
  EventLoop loop(make_selector());
  int ran = 0;
  const BeforeWait post([&] { loop.call_soon_threadsafe([&] { ++ran; }); });
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

// More wake-ups than a pipe holds, so somebody must read them. A full pipe
// wakes nobody where edges are watched; Linux makes one up, other kernels do
// not, and so it is not enough that the loop wakes.
TEST_P(PipeChannelTest, NeverFull) {
  constexpr int kWakeUps = kSlow ? 10000 : 20000;  // A pipe holds 8192.
  const NoEventfd none;
  EventLoop loop(make_selector());
  PostsBeforeEachWait posts(loop);
  while (posts.ran < kWakeUps) {
    const auto start = loop.time();
    run_woken(loop);
    ASSERT_LT(loop.time() - start, kGenerous / 2) << posts.ran;
    ASSERT_FALSE(posts.full) << posts.ran;
  }
}

TEST_P(PipeChannelTest, NoDescriptorLeft) {
  FaultInjector none_left(FaultInjector::kAll, EMFILE, [](const Call& call) {
    return FaultInjector::is(call, "eventfd");
  });
  EXPECT_THROW(EventLoop{make_selector()}, selectors::OSError);
}

}  // namespace
}  // namespace loop
