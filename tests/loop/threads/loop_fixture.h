// What the suites of threads and signals share.

#ifndef TESTS_LOOP_THREADS_LOOP_FIXTURE_H_
#define TESTS_LOOP_THREADS_LOOP_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "selectors/kernel/call.h"

namespace loop {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.

// How long a loop may sleep before a test says that it was not woken.
inline constexpr auto kGenerous = 20s;

// Sanitizers make everything slower; less work will do then.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSlow = true;
#elif defined(__has_feature)
inline constexpr bool kSlow =
    __has_feature(thread_sanitizer) || __has_feature(address_sanitizer);
#else
inline constexpr bool kSlow = false;
#endif

// A thread that is joined at the end of its scope. (Not every standard library
// has std::jthread.)
class Joined {
 public:
  explicit Joined(std::function<void()> function)
      : thread_(std::move(function)) {}
  Joined(const Joined&) = delete;
  Joined& operator=(const Joined&) = delete;
  ~Joined() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

inline void in_thread(std::function<void()> function) {
  Joined(std::move(function)).join();
}

// Is it the call in which a selector waits, for longer than a look?
inline bool is_wait(const selectors::kernel::Call& call) {
  const std::string_view name = call.syscall.name;
  if (name == "kevent") return call.args[4] != 0;  // There is room for events.
  return name == "epoll_wait" || name == "epoll_pwait2" || name == "pselect" ||
         name == "poll" || name == "ppoll" || name == "ioctl";
}

// Calls `function` in this thread when the kernel is about to be asked to wait:
// the loop has found that there is nothing to do by then. Once.
class BeforeWait : public selectors::kernel::Interceptor {
 public:
  explicit BeforeWait(std::function<void()> function)
      : function_(std::move(function)) {}

  bool fired() const { return fired_; }

  std::optional<selectors::kernel::Word> enter(
      const selectors::kernel::Call& call) override {
    // The thread that the function makes must not come here.
    if (std::this_thread::get_id() != thread_) return std::nullopt;
    if (!is_wait(call) || fired_) return std::nullopt;
    fired_ = true;
    function_();
    return std::nullopt;
  }
  void leave(const selectors::kernel::Call&) override {}

 private:
  const std::thread::id thread_ = std::this_thread::get_id();
  const std::function<void()> function_;
  bool fired_ = false;
};

// How often a wake-up was written. By their size: a DevpollSelector writes too.
class WakeUps : public selectors::kernel::Interceptor {
 public:
  int count() const { return count_; }

  std::optional<selectors::kernel::Word> enter(
      const selectors::kernel::Call& call) override {
    if (std::string_view(call.syscall.name) == "write" && call.args[2] == 8) {
      ++count_;
    }
    return std::nullopt;
  }
  void leave(const selectors::kernel::Call&) override {}

 private:
  std::atomic<int> count_ = 0;
};

// Runs one iteration, which may sleep but is woken.
inline void run_woken(EventLoop& loop) {
  const auto start = std::chrono::steady_clock::now();
  loop.run_once(kGenerous);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kGenerous / 2);
}

// Runs iterations until `done`; false if that takes too long. Each of them
// sleeps, if there is nothing to do.
inline bool run_until(EventLoop& loop, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + kGenerous;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    run_woken(loop);
  }
  return true;
}

// A child process that runs `function`, in which no expectation may fail.
inline void expect_in_child(const std::function<void()>& function) {
  const ::pid_t pid = ::fork();
  if (pid == 0) {
    try {
      function();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "in the child: " << error.what();
    }
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace loop

#endif  // TESTS_LOOP_THREADS_LOOP_FIXTURE_H_
