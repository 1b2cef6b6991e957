// Where there is no eventfd a pipe wakes the loop. A pipe can be full.

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "loop/callbacks/event_loop.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "tests/loop/threads/loop_fixture.h"
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

template <class Selector>
class PipeChannelTest : public tests::NoLeak {};
TYPED_TEST_SUITE(PipeChannelTest, AllSelectors, SelectorNames);

TYPED_TEST(PipeChannelTest, Wakes) {
  const NoEventfd none;
  EventLoop loop(std::make_unique<TypeParam>());
  EXPECT_TRUE(none.fired());
  for (int i = 0; i < 10; ++i) {
    int ran = 0;
    const BeforeWait post(
        [&] { in_thread([&] { loop.call_soon_threadsafe([&] { ++ran; }); }); });
    run_woken(loop);
    ASSERT_EQ(ran, 1);
  }
}

TYPED_TEST(PipeChannelTest, ASandboxThatForbidsEventfd) {
  const NoEventfd none(EPERM);
  EventLoop loop(std::make_unique<TypeParam>());
  int ran = 0;
  const BeforeWait post([&] { loop.call_soon_threadsafe([&] { ++ran; }); });
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

// More wake-ups than a pipe holds, so somebody must read them. A full pipe
// wakes nobody where edges are watched; Linux makes one up, other kernels do
// not, and so it is not enough that the loop wakes.
TYPED_TEST(PipeChannelTest, NeverFull) {
  constexpr int kWakeUps = kSlow ? 10000 : 20000;  // A pipe holds 8192.
  const NoEventfd none;
  EventLoop loop(std::make_unique<TypeParam>());
  PostsBeforeEachWait posts(loop);
  while (posts.ran < kWakeUps) {
    const auto start = loop.time();
    run_woken(loop);
    ASSERT_LT(loop.time() - start, kGenerous / 2) << posts.ran;
    ASSERT_FALSE(posts.full) << posts.ran;
  }
}

TYPED_TEST(PipeChannelTest, NoDescriptorLeft) {
  FaultInjector none_left(FaultInjector::kAll, EMFILE, [](const Call& call) {
    return FaultInjector::is(call, "eventfd");
  });
  EXPECT_THROW(EventLoop(std::make_unique<TypeParam>()), selectors::OSError);
}

}  // namespace
}  // namespace loop
