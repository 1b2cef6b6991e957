// What has gone wrong elsewhere with timeouts. Each test names where it was
// seen. Lower bounds are promises; there is an upper one only where the error
// that it shows is hundreds of times as long.

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "selectors/kernel/call.h"
#include "tests/selectors/selector_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"

namespace selectors {
namespace {

using std::chrono::nanoseconds;
using tests::CallCounter;

class TimeHazards : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, TimeHazards, tests::all_selectors(),
                         tests::name_of);

// python/asyncio#106: rounded down a wait ends early, and the rest of it is
// spent asking again and again. gh-142434: Python's PollSelector rounds up to
// milliseconds, although its poll() does not.
TEST_P(TimeHazards, R40_NeverEarlyAndNotInPieces) {
  const auto s = make_selector();
  for (const nanoseconds wait :
       {nanoseconds(0ns), nanoseconds(1ns), nanoseconds(1us),
        nanoseconds(999us), nanoseconds(1ms), nanoseconds(1000001ns),
        nanoseconds(1500us)}) {
    const CallCounter calls;
    const Stopwatch stopwatch;
    EXPECT_EQ(ready_now(*s, wait), Ready());
    EXPECT_GE(stopwatch.elapsed(), wait);
    EXPECT_LE(calls.count(), 2u) << wait.count();
  }
}

// The kernel restarts ppoll(2), but not poll(2), with the time that was left
// when the process was stopped. So a stop prolongs at most the wait for less
// than a millisecond.
TEST(PollTimeHazards, WholeMillisecondsAreWaitedForByPoll) {
  class Waits : public kernel::Interceptor {
   public:
    void leave(const kernel::Call& call) override {
      const auto* timeout = reinterpret_cast<const WaitLimit*>(call.args[2]);
      waits.emplace_back(call.syscall.name, timeout->value());
    }
    std::vector<std::pair<std::string, nanoseconds>> waits;
  };
  PollSelector s;
  for (const nanoseconds wait : {nanoseconds(1ns), nanoseconds(999'999ns),
                                 nanoseconds(1ms), nanoseconds(3'500us)}) {
    const Waits calls;
    s.select(wait);
    nanoseconds most = wait;
    for (const auto& [name, time] : calls.waits) {
      EXPECT_EQ(name, time < 1ms ? "ppoll" : "poll");
      if (name == "poll") {
        EXPECT_EQ(time % 1ms, 0ns);
      }
      EXPECT_LE(time, most);
      most = time;
    }
    ASSERT_FALSE(calls.waits.empty());
    EXPECT_EQ(calls.waits[0].second, wait < 1ms ? wait : wait / 1ms * 1ms);
  }
}

// calloop#142: rounding up must not make a millisecond of nothing.
TEST_P(TimeHazards, R41_ZeroOnlyLooks) {
  const auto s = make_selector();
  constexpr int kLooks = 1000;
  for (const nanoseconds none :
       {nanoseconds(0ns), nanoseconds(-1ns), nanoseconds::min()}) {
    auto fastest = nanoseconds::max();
    for (int i = 0; i < kLooks; ++i) {
      const Stopwatch stopwatch;
      s->select(none);
      fastest = std::min(fastest, stopwatch.elapsed());
    }
    EXPECT_LT(fastest, 1ms);  // However busy the machine, one got through.
  }
}

// bun#34780, PEP 475: a wait that starts anew after each signal never ends.
TEST_P(TimeHazards, R42_SignalsDoNotProlongTheWait) {
  const auto s = make_selector();
  const Stopwatch stopwatch;
  int interrupts = 0;
  s->set_interrupt_hook([&] {
    ++interrupts;
    if (stopwatch.elapsed() > 10s) throw RuntimeError("the wait does not end");
  });
  const Alarms alarms(1ms);
  // Again, should a busy machine have let no signal into the wait.
  while (interrupts == 0) {
    const Stopwatch wait;
    EXPECT_NO_THROW(s->select(50ms));
    EXPECT_GE(wait.elapsed(), 50ms);
  }
}

// event-loop#194, curl#5847: overflow. All of these wait, until woken.
TEST_P(TimeHazards, R44_HugeTimeoutsWait) {
  const auto s = make_selector();
  using std::chrono::duration;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const WaitLimit huge :
       {WaitLimit(nanoseconds::max()), WaitLimit(std::chrono::seconds::max()),
        WaitLimit(std::chrono::hours::max()), WaitLimit(duration<double>(1e18)),
        WaitLimit(duration<double>(kInfinity)), WaitLimit(30 * 24h),
        WaitLimit(1000000h)}) {
    const Pipe pipe;
    s->register_(pipe.reader, EVENT_READ);
    int interrupts = 0;
    s->set_interrupt_hook([&] {
      if (++interrupts == 3) pipe.writer.write("x");
    });
    const Alarms alarms(1ms);
    EXPECT_EQ(ready_now(*s, huge), (Ready{{pipe.reader.fileno(), EVENT_READ}}))
        << huge.repr();
    EXPECT_EQ(interrupts, 3) << huge.repr();
    s->unregister(pipe.reader);
  }
}

TEST_P(TimeHazards, R44_HugeNegativeTimeoutsOnlyLook) {
  const auto s = make_selector();
  using std::chrono::duration;
  EXPECT_EQ(ready_now(*s, nanoseconds::min()), Ready());
  EXPECT_EQ(ready_now(*s, std::chrono::hours::min()), Ready());
  EXPECT_EQ(ready_now(*s, duration<double>(-1e300)), Ready());
  EXPECT_THROW(
      s->select(duration<double>(std::numeric_limits<double>::quiet_NaN())),
      ValueError);
}

// Answers the first waits with "nothing is ready", at once.
class EndsWaitsEarly : public kernel::Interceptor {
 public:
  explicit EndsWaitsEarly(int waits) : left_(waits) {}
  int left() const { return left_; }

  std::optional<kernel::Word> enter(const kernel::Call&) override {
    if (left_ == 0) return std::nullopt;
    --left_;
    return 0;
  }
  void leave(const kernel::Call&) override {}

 private:
  int left_;
};

// libuv#354, libuv#922: what a kernel takes as its longest wait ends before the
// timeout does. Then the wait goes on.
TEST_P(TimeHazards, R46_AKernelsLongestWaitIsNotTheEnd) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  pipe.writer.write("x");
  for (const WaitLimit timeout : {WaitLimit(30 * 24h), WaitLimit()}) {
    const EndsWaitsEarly early(3);
    EXPECT_EQ(ready_now(*s, timeout),
              (Ready{{pipe.reader.fileno(), EVENT_READ}}));
    EXPECT_EQ(early.left(), 0);
  }
}

// A kernel without epoll_pwait2 (and valgrind): milliseconds, rounded up.
TEST(EpollTimeHazards, R40_WithoutNanosecondsItIsNeverEarlyEither) {
  for (const int error : {ENOSYS, EPERM}) {
    EpollSelector s;
    const tests::FaultInjector old_kernel(
        tests::FaultInjector::kAll, error, [](const auto& call) {
          return tests::FaultInjector::is(call, "epoll_pwait2");
        });
    for (const nanoseconds wait : {nanoseconds(1ns), nanoseconds(1500us)}) {
      const CallCounter calls;
      const Stopwatch stopwatch;
      EXPECT_EQ(ready_now(s, wait), Ready());
      EXPECT_GE(stopwatch.elapsed(), wait);
      EXPECT_LE(calls.count(), 2u);
    }
    EXPECT_TRUE(old_kernel.fired());
    // It is not asked again.
    const CallCounter calls;
    s.select(1ms);
    EXPECT_EQ(calls.names(), std::vector<std::string>{"epoll_wait"});
  }
}

// R47, a timer of zero that arms itself again and starves descriptors, and R48
// to R51 are about timers, of which a selector has none. R52, a wall clock that
// is set while we wait, cannot matter: Deadline reads a steady clock only,
// which timeout.h asserts.

}  // namespace
}  // namespace selectors
