// Random lives of timers, compared step by step with a model.
//
// RANDOM_TIMERS_SEED is the first seed and RANDOM_TIMERS_SCRIPTS how many there
// are.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/timers/timer_model.h"
#include "timers/sorted_timer_list.h"
#include "timers/timer_heap.h"
#include "timers/timer_queue.h"
#include "timers/timer_wheel.h"

namespace timers {
namespace {

using std::chrono::nanoseconds;

unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 0))
                         : otherwise;
}

template <class Queue>
class Player {
 public:
  explicit Player(unsigned seed) : random_(seed) {
    // Some scripts have few timers and some have many; some live within
    // microseconds and some for years.
    schedules_ = 20 + below(60);
    span_bits_ = 1 + below(62);
    now_ = below(4) == 0 ? 0 : static_cast<std::int64_t>(random_() >> 2);
  }

  void play(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) step();
    EXPECT_EQ(fire(std::numeric_limits<std::int64_t>::max()), rest_of_model());
    EXPECT_TRUE(queue_.empty());
  }

 private:
  unsigned below(unsigned count) {
    return static_cast<unsigned>(random_() % count);
  }

  void step() {
    const unsigned dice = below(100);
    if (dice < schedules_) {
      schedule();
    } else if (dice < 85) {
      below(3) == 0 ? reschedule() : cancel();
    } else {
      advance();
      const unsigned way = below(8);
      if (way == 0) {
        fire_and_throw();
      } else if (way < 4) {
        collect_and_fire();
      } else {
        EXPECT_EQ(fire(now_), model_.pop_due(nanoseconds(now_)));
      }
    }
    EXPECT_EQ(queue_.size(), model_.size());
    // Not always: it may put the queue in another state.
    if (below(3) == 0) {
      EXPECT_EQ(queue_.next_deadline(), model_.next_deadline());
    }
  }

  std::int64_t any_deadline() {
    switch (below(40)) {
      case 0:
        return std::numeric_limits<std::int64_t>::max();
      case 1:
        return std::numeric_limits<std::int64_t>::min();
      case 2:
        return now_;
      case 3:
        return static_cast<std::int64_t>(random_());
      case 4:
        return plus(now_, -static_cast<std::int64_t>(random_() % 1000));
      case 5:
      case 6:
      case 7:
      case 8:
        return last_deadline_;
      default:
        return plus(now_, any_span());
    }
  }

  // Of all sizes up to the script's.
  std::int64_t any_span() {
    return static_cast<std::int64_t>(random_() >> (63 - below(span_bits_)) >>
                                     1);
  }

  static std::int64_t plus(std::int64_t time, std::int64_t span) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(time, span, &sum)
               ? (span < 0 ? std::numeric_limits<std::int64_t>::min()
                           : std::numeric_limits<std::int64_t>::max())
               : sum;
  }

  void schedule() {
    const unsigned count = below(50) == 0 ? 400 : 1;
    for (unsigned i = 0; i < count; ++i) {
      last_deadline_ = any_deadline();
      const int value = static_cast<int>(ids_.size());
      ids_.push_back(queue_.schedule(nanoseconds(last_deadline_), value));
      model_.schedule(nanoseconds(last_deadline_), value);
    }
  }

  // Any that ever was, but rather one of the last.
  void cancel() {
    if (ids_.empty()) return;
    const auto count = static_cast<unsigned>(ids_.size());
    const unsigned back = below(4) == 0 ? below(count) : below(count) / 16;
    const unsigned value = count - 1 - back;
    EXPECT_EQ(queue_.cancel(ids_[value]),
              model_.cancel(static_cast<int>(value)));
  }

  void reschedule() {
    if (ids_.empty()) return;
    const auto value = below(static_cast<unsigned>(ids_.size()));
    last_deadline_ = any_deadline();
    EXPECT_EQ(queue_.reschedule(ids_[value], nanoseconds(last_deadline_)),
              model_.reschedule(nanoseconds(last_deadline_),
                                static_cast<int>(value)));
  }

  void advance() {
    const unsigned dice = below(10);
    if (dice == 0) {
      now_ = plus(now_, -static_cast<std::int64_t>(random_() % 1000));
    } else if (dice < 4 && model_.next_deadline()) {
      const std::int64_t next = model_.next_deadline()->count();
      if (next < std::numeric_limits<std::int64_t>::max() / 2) now_ = next;
    } else if (dice < 9) {
      now_ = plus(now_, any_span() / 16);
    }
    if (now_ > std::numeric_limits<std::int64_t>::max() / 2) now_ /= 2;
  }

  std::vector<int> fire(std::int64_t now) {
    std::vector<int> fired;
    queue_.pop_due(nanoseconds(now), [&](int value) {
      fired.push_back(value);
      EXPECT_FALSE(queue_.cancel(ids_[static_cast<std::size_t>(value)]));
    });
    return fired;
  }

  // Throws in the middle, schedules something, and fires the rest.
  void fire_and_throw() {
    std::vector<int> fired;
    try {
      queue_.pop_due(nanoseconds(now_), [&](int value) {
        fired.push_back(value);
        if (below(3) == 0) throw std::runtime_error("on purpose");
      });
    } catch (const std::runtime_error&) {
    }
    for (const int value : fired) EXPECT_TRUE(model_.cancel(value));
    schedule();
    EXPECT_EQ(queue_.next_deadline(), model_.next_deadline());
    EXPECT_EQ(fire(now_), model_.pop_due(nanoseconds(now_)));
  }

  // In two phases, the first of them perhaps twice, with anything in between.
  void collect_and_fire() {
    for (unsigned times = 1 + below(2); times-- > 0; advance()) {
      queue_.collect_due(nanoseconds(now_));
      model_.collect_due(nanoseconds(now_));
      for (unsigned i = below(20); i-- > 0;) {
        const unsigned dice = below(5);
        if (dice < 2) {
          schedule();
        } else if (dice < 4) {
          cancel();
        } else {
          reschedule();
        }
        EXPECT_EQ(queue_.size(), model_.size());
        if (below(3) == 0) {
          EXPECT_EQ(queue_.next_deadline(), model_.next_deadline());
        }
      }
    }
    std::vector<int> fired;
    queue_.fire_due([&](int value) { fired.push_back(value); });
    EXPECT_EQ(fired, model_.fire_due());
  }

  std::vector<int> rest_of_model() {
    return model_.pop_due(nanoseconds::max());
  }

  std::mt19937_64 random_;
  unsigned schedules_;
  unsigned span_bits_;
  std::int64_t now_;
  std::int64_t last_deadline_ = 0;
  Queue queue_;
  tests::TimerModel model_;
  std::vector<TimerId> ids_;
};

template <class Queue>
void play_all(int steps) {
  const unsigned first = number_from_environment("RANDOM_TIMERS_SEED", 1);
  const unsigned count = number_from_environment("RANDOM_TIMERS_SCRIPTS", 60);
  for (unsigned seed = first; seed < first + count; ++seed) {
    Player<Queue>(seed).play(steps);
    ASSERT_FALSE(::testing::Test::HasFailure())
        << "RANDOM_TIMERS_SEED=" << seed;
  }
}

TEST(RandomTimers, ListAgreesWithTheModel) {
  play_all<SortedTimerList<int>>(600);
}
TEST(RandomTimers, HeapAgreesWithTheModel) { play_all<TimerHeap<int>>(600); }
TEST(RandomTimers, WheelAgreesWithTheModel) { play_all<TimerWheel<int>>(600); }

}  // namespace
}  // namespace timers
