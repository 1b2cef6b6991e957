// fork() while other threads hold the library's locks: the child does not hang.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "tests/loop/threads/loop_fixture.h"

namespace loop {
namespace {

// Other threads that do `work` all the time.
class Busy {
 public:
  explicit Busy(const std::function<void()>& work) {
    for (int i = 0; i < 2; ++i) {
      threads_.emplace_back([this, work] {
        while (!done_) work();
      });
    }
  }
  ~Busy() {
    done_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> done_ = false;
  std::vector<std::thread> threads_;
};

// Children that hang end by SIGALRM, which fails expect_in_child(). The parent
// runs `between` before each.
void fork_often(
    const std::function<void()>& function,
    const std::function<void()>& between = [] {}) {
  for (int i = 0; i < (kSlow ? 20 : 200); ++i) {
    between();
    expect_in_child([&] {
      ::alarm(60);
      function();
    });
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(ForkLocksTest, WhileLoopsAreMade) {
  EventLoop loop;
  const Busy makers([] { EventLoop other; });
  fork_often([&] {
    loop.after_fork_in_child();
    loop.call_soon([&] { loop.stop(); });
    loop.run_forever();
    loop.close();
    EventLoop own;
    own.run_once(0s);
  });
}

TEST(ForkLocksTest, WhileSignalHandlersAreAdded) {
  const Busy adders([] {
    EventLoop other;
    other.add_signal_handler(SIGUSR1, [] {});
    other.remove_signal_handler(SIGUSR1);
  });
  fork_often([] {
    EventLoop own;
    int ran = 0;
    own.add_signal_handler(SIGUSR1, [&] { ++ran; });
    ::raise(SIGUSR1);
    run_woken(own);
    EXPECT_EQ(ran, 1);
  });
}

TEST(ForkLocksTest, WhileOtherThreadsPost) {
  EventLoop loop;
  // So many that the threads go on posting, and few for a child to destroy.
  constexpr int kMost = 1000;
  std::atomic<int> posted = 0;
  std::optional<Busy> posters(std::in_place, [&] {
    if (posted >= kMost) return;
    ++posted;
    loop.call_soon_threadsafe([&] { --posted; });
  });
  fork_often([&] { loop.close(); }, [&] { loop.run_once(0s); });
  posters.reset();
}

}  // namespace
}  // namespace loop
