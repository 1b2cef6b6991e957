// The workloads of timers.

#ifndef TESTS_BENCHMARKS_TIMER_WORK_H_
#define TESTS_BENCHMARKS_TIMER_WORK_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/benchmarks/workload.h"

namespace benchmarks {

using std::chrono::nanoseconds;

// The number and the sum of the timers that fired, as proof of the whole work.
struct Fired {
  std::size_t count = 0;
  std::uint64_t sum = 0;
  void add(std::size_t timer) {
    ++count;
    sum += timer;
  }
};

// A subject has timers numbered from 0:
//   explicit Subject(std::size_t timers)
//   void insert(std::size_t timer, nanoseconds after)   after the present time
//                                                       of the subject
//   void cancel(std::size_t timer)
//   void put_off(std::size_t timer, nanoseconds after)   another deadline
//   void turn()                     an iteration of the loop, if it has one
//   void pass(nanoseconds time)     time passes; nothing fires yet
//   void fire(Fired&)               all that is due
template <class Subject>
class TimerWork {
 public:
  explicit TimerWork(std::size_t timers)
      : count_(timers),
        after_(timers),
        soon_(timers),
        order_(timers),
        subject_(timers) {
    std::mt19937_64 random(1);
    for (nanoseconds& each : after_) {
      each = std::chrono::hours(1) + nanoseconds(random() % 60'000'000'000);
    }
    // Short deadlines, because real time has to pass before timers fire.
    for (nanoseconds& each : soon_) each = nanoseconds(random() % 20'000'000);
    std::iota(order_.begin(), order_.end(), 0);
    std::shuffle(order_.begin(), order_.end(), random);
  }

  void insert(Run& run) {
    run.repeat_part(double(count_), [&](auto measure) {
      measure([&] { insert_all(after_); });
      cancel_all();
    });
  }

  void cancel(Run& run) {
    run.repeat_part(double(count_), [&](auto measure) {
      insert_all(after_);
      measure([&] { cancel_all(); });
    });
  }

  // The idle timeouts of connections, which data put off.
  void put_off(Run& run) {
    insert_all(after_);
    run.repeat_part(double(count_), [&](auto measure) {
      measure([&] {
        for (std::size_t i = 0; i < count_; ++i) {
          subject_.put_off(order_[i], after_[i]);
          if (i % 64 == 63) subject_.turn();
        }
      });
    });
  }

  // Half are cancelled before, as idle timeouts are. An operation is a timer
  // that fires.
  void fire(Run& run) {
    run.repeat_part(double(count_ - count_ / 2), [&](auto measure) {
      insert_all(soon_);
      for (std::size_t i = 0; i < count_ / 2; ++i) subject_.cancel(order_[i]);
      subject_.pass(std::chrono::milliseconds(25));
      Fired fired;
      measure([&] { subject_.fire(fired); });
      check_fired(fired);
    });
  }

 private:
  void insert_all(const std::vector<nanoseconds>& after) {
    for (std::size_t i = 0; i < count_; ++i) subject_.insert(i, after[i]);
  }
  void cancel_all() {
    for (const std::size_t timer : order_) subject_.cancel(timer);
    subject_.turn();
  }
  void check_fired(const Fired& fired) const {
    const auto first = order_.begin() + long(count_ / 2);
    const auto sum = std::accumulate(first, order_.end(), std::uint64_t{0});
    check(fired.count == count_ - count_ / 2, "number of timers that fired");
    check(fired.sum == sum, "sum of the timers that fired");
  }

  const std::size_t count_;
  std::vector<nanoseconds> after_, soon_;
  std::vector<std::size_t> order_;
  Subject subject_;
};

// The memory of a million timers, with the handles that their user keeps.
template <class Subject>
void timer_bytes(Run& run) {
  constexpr std::size_t kTimers = 1'000'000;
  const double before = allocated_bytes();
  Subject subject(kTimers);
  for (std::size_t i = 0; i < kTimers; ++i) {
    subject.insert(i, std::chrono::seconds(1 + i % 60));
  }
  run.set_bytes((allocated_bytes() - before) / kTimers);
}

template <class Subject>
void add_timers(Program& program, const std::string& prefix = "") {
  for (const std::size_t timers : {10, 1000, 10'000, 100'000, 1'000'000}) {
    const auto add = [&](const char* name,
                         void (TimerWork<Subject>::*work)(Run&)) {
      program.add(prefix + name + "/" + std::to_string(timers),
                  [=](Run& run) { (TimerWork<Subject>(timers).*work)(run); });
    };
    add("timer_insert", &TimerWork<Subject>::insert);
    add("timer_cancel", &TimerWork<Subject>::cancel);
    add("timer_fire", &TimerWork<Subject>::fire);
    add("timer_put_off", &TimerWork<Subject>::put_off);
  }
  program.add(prefix + "timer_bytes", timer_bytes<Subject>);
}

// A part of subjects: an array of a library's own timers, whose clock is real.
// The number of a timer is its index.
template <class Timer>
class RealTime {
 public:
  explicit RealTime(std::size_t timers) : timers_(timers) {}
  RealTime(const RealTime&) = delete;
  RealTime& operator=(const RealTime&) = delete;

  void pass(nanoseconds time) { std::this_thread::sleep_for(time); }

 protected:
  void fired(const Timer* timer) {
    fired_->add(static_cast<std::size_t>(timer - timers_.data()));
  }

  std::vector<Timer> timers_;
  Fired* fired_ = nullptr;
};

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_TIMER_WORK_H_
