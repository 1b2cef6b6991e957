// What the suites of the loop share: a loop over any selector whose time stands
// still until it would sleep, and then jumps.

#ifndef TESTS_LOOP_LOOP_FIXTURE_H_
#define TESTS_LOOP_LOOP_FIXTURE_H_

#include <gtest/gtest.h>

#include <any>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "selectors/base_selector.h"
#include "tests/support/files.h"

namespace loop {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.
using tests::File;
using tests::Pipe;
using tests::SocketPair;

// A clock that goes when it is told to.
class FakeTime {
 public:
  TimePoint now() const { return now_; }
  void advance(std::chrono::nanoseconds by) { now_ = later(now_, by); }
  EventLoop::Clock clock() {
    return [this] { return now_; };
  }

 private:
  TimePoint now_{1000s};
};

// Looks where another would sleep, and if nothing is ready lets the time pass.
// Who would sleep forever gets a std::logic_error, out of run_forever().
class SleeplessSelector : public selectors::BaseSelector {
 public:
  using FileObj = selectors::FileObj;
  using SelectorKey = selectors::SelectorKey;
  using EventMask = selectors::EventMask;

  SleeplessSelector(std::unique_ptr<BaseSelector> inner, FakeTime& time)
      : inner_(std::move(inner)), time_(time) {}

  // What select() was asked for, from the first call on.
  const std::vector<selectors::WaitLimit>& timeouts() const {
    return timeouts_;
  }

  std::span<const selectors::ReadyKey> select(
      selectors::WaitLimit timeout) override {
    timeouts_.push_back(timeout);
    const auto batch = inner_->select(0ns);
    if (!batch.empty()) return batch;
    if (timeout.waits_forever()) {
      throw std::logic_error("would sleep forever");
    }
    if (!timeout.is_poll()) time_.advance(timeout.value());
    return batch;
  }

  const SelectorKey& register_(const FileObj& fileobj, EventMask events,
                               std::any data) override {
    return inner_->register_(fileobj, events, std::move(data));
  }
  SelectorKey unregister(const FileObj& fileobj) override {
    return inner_->unregister(fileobj);
  }
  const SelectorKey& modify(const FileObj& fileobj, EventMask events,
                            std::any data) override {
    return inner_->modify(fileobj, events, std::move(data));
  }
  const SelectorKey& reregister(const FileObj& fileobj, EventMask events,
                                std::any data) override {
    return inner_->reregister(fileobj, events, std::move(data));
  }
  bool forgets_closed() const override { return inner_->forgets_closed(); }
  void close() override { inner_->close(); }
  const SelectorKey& get_key(const FileObj& fileobj) const override {
    return inner_->get_key(fileobj);
  }
  const selectors::SelectorMap* get_map() const override {
    return inner_->get_map();
  }
  int fileno() const override { return inner_->fileno(); }
  void set_interrupt_hook(std::function<void()> hook) override {
    inner_->set_interrupt_hook(std::move(hook));
  }
  void after_fork_in_child() override { inner_->after_fork_in_child(); }
  std::string_view name() const override { return inner_->name(); }

 private:
  const std::unique_ptr<BaseSelector> inner_;
  FakeTime& time_;
  std::vector<selectors::WaitLimit> timeouts_;
};

// What an exception says of itself.
inline std::string text_of(const std::exception_ptr& exception) {
  try {
    if (exception) std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "no std::exception";
  }
  return "no exception";
}

// A loop in fake time. What its exception handler was told and the test did not
// ask for fails the test.
class FakeTimeLoop {
  // Before the loop, which may report while it is destroyed.
  std::vector<ExceptionContext> errors_;

 public:
  FakeTime time;
  SleeplessSelector* const selector;  // The loop owns it.
  EventLoop loop;

  explicit FakeTimeLoop(std::unique_ptr<selectors::BaseSelector> inner)
      : selector(new SleeplessSelector(std::move(inner), time)),
        loop(std::unique_ptr<selectors::BaseSelector>(selector), time.clock()) {
    loop.set_exception_handler(
        [this](EventLoop&, const ExceptionContext& context) {
          errors_.push_back(context);
        });
  }
  FakeTimeLoop(const FakeTimeLoop&) = delete;
  FakeTimeLoop& operator=(const FakeTimeLoop&) = delete;
  ~FakeTimeLoop() {
    for (const ExceptionContext& error : errors_) {
      ADD_FAILURE() << error.message << " (" << error.where.repr() << ")"
                    << ": " << text_of(error.exception);
    }
  }

  // What the exception handler was told since the last time.
  std::vector<ExceptionContext> take_errors() {
    return std::exchange(errors_, {});
  }

  // Runs some iterations, in which no time passes.
  void turn(int times = 1) {
    for (int i = 0; i < times; ++i) loop.run_once(0ns);
  }

  // Runs until the next stop(); what a test schedules last.
  void run_for(std::chrono::nanoseconds duration) {
    loop.call_later(duration, [this] { loop.stop(); });
    loop.run_forever();
  }

  // Milliseconds since the beginning.
  long ms() const {
    return static_cast<long>(
        std::chrono::floor<std::chrono::milliseconds>(time.now() - start_)
            .count());
  }

 private:
  const TimePoint start_ = time.now();
};

// Runs `loop` until `predicate` holds, and fails the test if it never does.
template <class Predicate>
void run_until(EventLoop& loop, Predicate predicate) {
  for (int i = 0; i < 1000 && !predicate(); ++i) loop.run_once();
  EXPECT_TRUE(predicate());
}

// The errno of the OSError that it holds; 0 if it holds none.
inline int errno_of(const std::exception_ptr& exception) {
  try {
    if (exception) std::rethrow_exception(exception);
  } catch (const OSError& error) {
    return error.code().value();
  } catch (...) {
  }
  return 0;
}

// Calls `function` when its last copy dies; for closures to own.
inline std::shared_ptr<void> at_destruction(std::function<void()> function) {
  return std::shared_ptr<void>(
      nullptr, [function = std::move(function)](void*) { function(); });
}

// The order in which things happened.
using Journal = std::vector<std::string>;
inline auto note(Journal& journal, std::string what) {
  return [&journal, what = std::move(what)] { journal.push_back(what); };
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// "file:line" of a line of the file that asks.
inline std::string place(unsigned line, const char* file = __builtin_FILE()) {
  return std::string(file) + ":" + std::to_string(line);
}

}  // namespace loop

#endif  // TESTS_LOOP_LOOP_FIXTURE_H_
