// User code that runs while a callback is copied, moved or destroyed may
// schedule whatever it likes.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/handle.h"
#include "selectors/poll_selector.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

enum class When { kCopied, kMoved, kDestroyed };

// A callback that runs `now` when it is copied, moved or destroyed.
class Noisy {
 public:
  Noisy(When when, std::function<void()> now, int& ran)
      : when_(when), now_(std::move(now)), ran_(&ran) {}
  Noisy(const Noisy& other)
      : when_(other.when_), now_(other.now_), ran_(other.ran_) {
    if (when_ == When::kCopied) now_();
  }
  Noisy(Noisy&& other) noexcept
      : when_(other.when_), now_(std::move(other.now_)), ran_(other.ran_) {
    if (when_ == When::kMoved) now_();
  }
  ~Noisy() {
    if (when_ == When::kDestroyed && now_) now_();
  }
  void operator()() const { ++*ran_; }

 private:
  When when_;
  std::function<void()> now_;
  int* ran_;
};
static_assert(sizeof(Noisy) <= 48);  // It stands in the Callback itself.

using Schedule = std::function<void(EventLoop&, const Noisy&)>;

// Every way to give a callback to a loop that runs it once.
const std::vector<std::pair<std::string, Schedule>>& schedulers() {
  static const std::vector<std::pair<std::string, Schedule>> all = {
      {"call_soon", [](EventLoop& l, const Noisy& f) { l.call_soon(f); }},
      {"call_soon, moved",
       [](EventLoop& l, const Noisy& f) { l.call_soon(Noisy(f)); }},
      {"call_later", [](EventLoop& l, const Noisy& f) { l.call_later(0s, f); }},
      {"call_at", [](EventLoop& l, const Noisy& f) { l.call_at(l.time(), f); }},
      {"call_soon_threadsafe",
       [](EventLoop& l, const Noisy& f) { l.call_soon_threadsafe(f); }},
      {"LoopReference",
       [](EventLoop& l, const Noisy& f) {
         l.reference().call_soon_threadsafe(f);
       }},
  };
  return all;
}

class ReentryTest : public ::testing::Test {
 protected:
  // Has a callback scheduled by `outer` schedule 100 others with `inner`, each
  // time that `when` happens to it. All must run, once each.
  void expect_all_run(const Schedule& outer, const Schedule& inner, When when,
                      int at_least) {
    FakeTimeLoop f(std::make_unique<selectors::PollSelector>());
    int scheduled = 0, ran = 0, ran_outer = 0;
    bool quiet = false;
    const auto now = [&] {
      if (std::exchange(quiet, true)) return;
      for (int i = 0; i < 100; ++i) {
        inner(f.loop, Noisy(
                          When::kCopied, [] {}, ran));
        ++scheduled;
      }
      quiet = false;
    };
    {
      const Noisy noisy(when, now, ran_outer);
      for (int i = 0; i < 150; ++i) outer(f.loop, noisy);
    }
    while (ran < scheduled || ran_outer < 150) {
      const int before = ran + ran_outer;
      f.loop.run_once(0s);
      f.loop.run_once(0s);
      ASSERT_GT(ran + ran_outer, before) << "of " << scheduled;
    }
    quiet = true;
    EXPECT_EQ(ran, scheduled);
    EXPECT_EQ(ran_outer, 150);
    EXPECT_GE(scheduled, at_least);
    if (at_least == 0) {
      EXPECT_EQ(scheduled, 0);
    }
  }
};

TEST_F(ReentryTest, EveryWayDuringEveryOther) {
  for (const auto& [outer_name, outer] : schedulers()) {
    for (const auto& [inner_name, inner] : schedulers()) {
      for (const When when : {When::kCopied, When::kMoved, When::kDestroyed}) {
        SCOPED_TRACE(outer_name + ", during which " + inner_name + ", " +
                     std::to_string(static_cast<int>(when)));
        const bool is_timer =
            outer_name == "call_later" || outer_name == "call_at";
        // The callback of a timer runs where it was constructed.
        const bool happens = !is_timer || when != When::kMoved;
        expect_all_run(outer, inner, when, happens ? 100 : 0);
      }
    }
  }
}

TEST_F(ReentryTest, ACopyThatThrowsHasScheduledWhatItScheduled) {
  FakeTimeLoop f(std::make_unique<selectors::PollSelector>());
  int inner = 0, outer = 0;
  const auto now = [&] {
    f.loop.call_soon([&] { ++inner; });
    throw std::runtime_error("no copy");
  };
  const Noisy noisy(When::kCopied, now, outer);
  EXPECT_THROW(f.loop.call_soon(noisy), std::runtime_error);
  EXPECT_THROW(f.loop.call_soon_threadsafe(noisy), std::runtime_error);
  f.loop.run_once(0s);
  EXPECT_EQ(inner, 2);
  EXPECT_EQ(outer, 0);
}

TEST_F(ReentryTest, ACopyMayRunTheLoop) {
  FakeTimeLoop f(std::make_unique<selectors::PollSelector>());
  int inner = 0, outer = 0;
  f.loop.call_soon([&] { ++inner; });
  f.loop.call_soon(Noisy(
      When::kCopied, [&] { f.loop.run_once(0s); }, outer));
  const Noisy noisy(
      When::kCopied, [&] { f.loop.run_once(0s); }, outer);
  f.loop.call_soon(noisy);
  EXPECT_EQ(inner, 1);
  f.loop.run_once(0s);
  EXPECT_EQ(outer, 2);
}

// The exception handler is not copied for a call, and may replace itself.
TEST_F(ReentryTest, TheExceptionHandlerMayReplaceItself) {
  EventLoop loop;
  int copies = 0, told = 0;
  const Noisy counts(
      When::kCopied, [&] { ++copies; }, told);
  loop.set_exception_handler([&, counts](EventLoop& l, const auto&) {
    l.set_exception_handler([&](auto&&...) { told += 10; });
    counts();
  });
  copies = 0;
  loop.call_exception_handler({"first", {}, {}});
  loop.call_exception_handler({"second", {}, {}});
  EXPECT_EQ(copies, 0);
  EXPECT_EQ(told, 11);
}

}  // namespace
}  // namespace loop
