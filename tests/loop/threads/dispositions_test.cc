// What a signal does to the process before, while and after loops want it.

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <string>

#include "loop/callbacks/event_loop.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using Function = void (*)(int);

Function disposition_of(int signal_number) {
  struct sigaction present {};
  EXPECT_EQ(::sigaction(signal_number, nullptr, &present), 0);
  return present.sa_handler;
}

// As long as it lives the signal does something else.
class Disposition {
 public:
  Disposition(int signal_number, Function function)
      : signal_number_(signal_number) {
    struct sigaction action {};
    action.sa_handler = function;
    EXPECT_EQ(::sigaction(signal_number, &action, &before_), 0);
  }
  Disposition(const Disposition&) = delete;
  Disposition& operator=(const Disposition&) = delete;
  ~Disposition() { ::sigaction(signal_number_, &before_, nullptr); }

 private:
  const int signal_number_;
  struct sigaction before_;
};

int custom_calls = 0;
void custom(int) { ++custom_calls; }

class DispositionsTest : public tests::NoLeak,
                         public ::testing::WithParamInterface<Function> {};

INSTANTIATE_TEST_SUITE_P(Before, DispositionsTest,
                         ::testing::Values(SIG_DFL, SIG_IGN, custom));

TEST_P(DispositionsTest, RestoredByRemove) {
  const Disposition before(SIGUSR1, GetParam());
  EventLoop loop;
  for (int i = 0; i < 2; ++i) {
    loop.add_signal_handler(SIGUSR1, [] {});
    EXPECT_NE(disposition_of(SIGUSR1), GetParam());
    loop.add_signal_handler(SIGUSR1, [] {});
    loop.remove_signal_handler(SIGUSR1);
    EXPECT_EQ(disposition_of(SIGUSR1), GetParam());
  }
}

TEST_P(DispositionsTest, RestoredByClose) {
  const Disposition usr1(SIGUSR1, GetParam());
  const Disposition usr2(SIGUSR2, custom);
  EventLoop loop;
  loop.add_signal_handler(SIGUSR1, [] {});
  loop.add_signal_handler(SIGUSR2, [] {});
  loop.close();
  EXPECT_EQ(disposition_of(SIGUSR1), GetParam());
  EXPECT_EQ(disposition_of(SIGUSR2), custom);
}

TEST_P(DispositionsTest, RestoredByTheLastOfTwoLoops) {
  const Disposition before(SIGUSR1, GetParam());
  EventLoop first, second;
  int ran = 0;
  first.add_signal_handler(SIGUSR1, [] {});
  second.add_signal_handler(SIGUSR1, [&] { ++ran; });
  first.close();
  EXPECT_NE(disposition_of(SIGUSR1), GetParam());
  ::raise(SIGUSR1);
  run_woken(second);
  EXPECT_EQ(ran, 1);
  second.close();
  EXPECT_EQ(disposition_of(SIGUSR1), GetParam());
}

TEST_P(DispositionsTest, LeftAloneIfSomebodyElseHasSetAnother) {
  const Disposition before(SIGUSR1, SIG_DFL);
  EventLoop loop;
  loop.add_signal_handler(SIGUSR1, [] {});
  const Disposition other(SIGUSR1, GetParam());
  loop.remove_signal_handler(SIGUSR1);
  EXPECT_EQ(disposition_of(SIGUSR1), GetParam());
}

// Who adds another handler wants it to be called, whatever has happened since.
TEST(RestoredTest, AnotherHandlerCatchesTheSignalAgain) {
  const Disposition before(SIGUSR1, SIG_DFL);
  EventLoop loop;
  loop.add_signal_handler(SIGUSR1, [] {});
  ::signal(SIGUSR1, SIG_IGN);
  int ran = 0;
  loop.add_signal_handler(SIGUSR1, [&] { ++ran; });
  ::raise(SIGUSR1);
  run_woken(loop);
  EXPECT_EQ(ran, 1);
  loop.remove_signal_handler(SIGUSR1);
  EXPECT_EQ(disposition_of(SIGUSR1), SIG_DFL);
}

// The flags and the mask of the old action come back, too.
TEST(RestoredTest, AsAWhole) {
  const Disposition before(SIGUSR1, SIG_DFL);
  struct sigaction action {};
  action.sa_sigaction = [](int, siginfo_t*, void*) {};
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  ::sigaddset(&action.sa_mask, SIGUSR2);
  ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
  {
    EventLoop loop;
    loop.add_signal_handler(SIGUSR1, [] {});
  }
  struct sigaction after {};
  ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &after), 0);
  EXPECT_EQ(after.sa_sigaction, action.sa_sigaction);
  EXPECT_EQ(after.sa_flags & SA_SIGINFO, SA_SIGINFO);
  EXPECT_EQ(after.sa_flags & SA_NODEFER, SA_NODEFER);
  EXPECT_EQ(::sigismember(&after.sa_mask, SIGUSR2), 1);
}

// Whoever had it before does not get it as well.
TEST(RestoredTest, TheOldOneIsNotCalledMeanwhile) {
  const Disposition before(SIGUSR1, custom);
  EventLoop loop;
  int ran = 0;
  custom_calls = 0;
  loop.add_signal_handler(SIGUSR1, [&] { ++ran; });
  ::raise(SIGUSR1);
  run_woken(loop);
  EXPECT_EQ(custom_calls, 0);
  loop.remove_signal_handler(SIGUSR1);
  ::raise(SIGUSR1);
  loop.run_once(0s);
  EXPECT_EQ(custom_calls, 1);
  EXPECT_EQ(ran, 1);
}

// Other threads' system calls must not fail with EINTR for it.
TEST(RestoredTest, InterruptedCallsGoOn) {
  const Disposition before(SIGUSR1, SIG_DFL);
  EventLoop loop;
  loop.add_signal_handler(SIGUSR1, [] {});
  struct sigaction present {};
  ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &present), 0);
  EXPECT_EQ(present.sa_flags & SA_RESTART, SA_RESTART);
}

// The lines of /proc/self/status that tell of signals, in a program that was
// started while a loop caught one. The bit of SIGUSR1 in them is 0x200.
TEST(ExecTest, TheProgramFindsNothingBlockedOrCaught) {
  const Disposition before(SIGUSR1, SIG_DFL);
  EventLoop loop;
  loop.add_signal_handler(SIGUSR1, [] {});
  std::FILE* const output = ::popen(
      "exec sed -n 's/^Sig\\(Blk\\|Ign\\|Cgt\\):\\s*/\\1 /p' "
      "/proc/self/status",
      "r");
  ASSERT_NE(output, nullptr);
  char name[4];
  unsigned long long bits;
  int lines = 0;
  while (std::fscanf(output, "%3s %llx", name, &bits) == 2) {
    EXPECT_EQ(bits & 0x200, 0u) << name;
    if (std::string(name) == "Blk") {
      EXPECT_EQ(bits, 0u);
    }
    ++lines;
  }
  EXPECT_EQ(::pclose(output), 0);
  EXPECT_EQ(lines, 3);
}

}  // namespace
}  // namespace loop
