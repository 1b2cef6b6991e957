// What the suites that run on every selector share.

#ifndef TESTS_SELECTORS_SELECTOR_FIXTURE_H_
#define TESTS_SELECTORS_SELECTOR_FIXTURE_H_

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <any>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "selectors/base_selector.h"
#include "tests/support/files.h"

namespace selectors {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.
using tests::File;
using tests::Pipe;
using tests::SocketPair;

inline constexpr EventMask EVENT_BOTH = EVENT_READ | EVENT_WRITE;

// Does fileno() give something? Known by the name, as DefaultSelector may be
// any of them.
inline bool has_descriptor(const BaseSelector& selector) {
  return selector.name() == "EpollSelector" ||
         selector.name() == "KqueueSelector" ||
         selector.name() == "DevpollSelector";
}

// Has it EVENT_EDGE and EVENT_ONESHOT?
inline bool has_modifiers(const BaseSelector& selector) {
  return selector.name() == "EpollSelector" ||
         selector.name() == "KqueueSelector";
}

// What select() returned, as plain values: descriptor to events. Fails the test
// if something comes twice, or with events that it did not ask for.
using Ready = std::map<int, EventMask>;

inline Ready as_values(std::span<const ReadyKey> batch) {
  Ready ready;
  for (const auto& [key, events] : batch) {
    EXPECT_TRUE(ready.emplace(key.fd, events & EVENT_BOTH).second)
        << key.fd << " twice";
    EXPECT_NE(events & EVENT_BOTH, 0u) << "fd " << key.fd;
    EXPECT_EQ(events & EVENT_BOTH & ~key.events, 0u) << "fd " << key.fd;
  }
  return ready;
}

inline Ready ready_now(BaseSelector& selector, WaitLimit timeout = 0ns) {
  return as_values(selector.select(timeout));
}

// The descriptor that was opened since; -1 if none was. For the kernel's object
// of an EpollSelector that must not know that somebody asked: once fileno() has
// been called it keeps its instance.
inline int opened_since(const std::set<int>& before) {
  int opened = -1;
  for (const int fd : tests::open_fds()) {
    if (!before.contains(fd)) opened = fd;
  }
  return opened;
}

// The errno of the OSError that `function` throws; 0 if it throws none.
inline int errno_of(const std::function<void()>& function) {
  try {
    function();
  } catch (const OSError& error) {
    return error.code().value();
  }
  return 0;
}

// Data whose destructor calls `function`; its copies count as one.
inline std::any at_destruction(std::function<void()> function) {
  return std::shared_ptr<void>(
      nullptr, [function = std::move(function)](void*) { function(); });
}

inline std::string text_of(const SelectorKey& key) {
  const auto* const text = std::any_cast<std::string>(&key.data);
  return text == nullptr ? "" : *text;
}

// As long as it lives SIGALRM comes every `period`, to a handler that does
// nothing. Periodic, because a single one could come before the wait begins.
class Alarms {
 public:
  explicit Alarms(std::chrono::microseconds period) {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    EXPECT_EQ(::sigaction(SIGALRM, &action, &before_), 0);
    set(period);
  }
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;
  ~Alarms() {
    set(0us);
    ::sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  static void set(std::chrono::microseconds period) {
    const timeval interval = {0, static_cast<suseconds_t>(period.count())};
    const itimerval timer = {interval, interval};
    EXPECT_EQ(::setitimer(ITIMER_REAL, &timer, nullptr), 0);
  }
  struct sigaction before_;
};

// A child process that runs `function`, in which no expectation may fail.
class Child {
 public:
  explicit Child(const std::function<void()>& function) : pid_(::fork()) {
    if (pid_ != 0) return;
    try {
      function();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "in the child: " << error.what();
    }
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }

  // Waits for its end.
  void join() const {
    int status = 0;
    ASSERT_EQ(::waitpid(pid_, &status, 0), pid_);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }

 private:
  const ::pid_t pid_;
};

inline void expect_in_child(const std::function<void()>& function) {
  Child(function).join();
}

// How long something takes.
class Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const { return Clock::now() - start_; }

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start_ = Clock::now();
};

}  // namespace selectors

#endif  // TESTS_SELECTORS_SELECTOR_FIXTURE_H_
