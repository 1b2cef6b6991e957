// The workloads of timers_bench for each timer queue, ours and others.

#ifndef TESTS_BENCHMARKS_TIMERS_BENCH_H_
#define TESTS_BENCHMARKS_TIMERS_BENCH_H_

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "tests/benchmarks/compare.h"

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
//   void settle()                   does deferred work, if there is any
//   void pass(nanoseconds time)     time passes; nothing fires yet
//   void fire(Fired&)               all that is due
// These are not inlined into one another, so that callgrind can count each:
// see timers_bench.cc.

template <class Subject>
[[gnu::noinline]] void insert_all(Subject& subject,
                                  const std::vector<nanoseconds>& after) {
  for (std::size_t i = 0; i < after.size(); ++i) subject.insert(i, after[i]);
}

template <class Subject>
[[gnu::noinline]] void cancel_all(Subject& subject,
                                  const std::vector<std::size_t>& order) {
  for (const std::size_t timer : order) subject.cancel(timer);
  subject.settle();
}

template <class Subject>
[[gnu::noinline]] void fire_all(Subject& subject, Fired& fired) {
  subject.fire(fired);
}

// The idle timeouts of connections, which data put off.
template <class Subject>
[[gnu::noinline]] void put_off_all(Subject& subject,
                                   const std::vector<std::size_t>& order,
                                   const std::vector<nanoseconds>& after) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    subject.put_off(order[i], after[i]);
  }
  subject.settle();
}

// Nanoseconds per timer.
struct Times {
  enum { kInsert, kCancel, kPutOff, kFire, kCount };
  std::array<double, kCount> of{};
};

template <class Subject>
class Workload {
 public:
  explicit Workload(std::size_t timers)
      : subject_(timers), after_(timers), soon_(timers), order_(timers) {
    std::mt19937_64 random(1);
    for (nanoseconds& each : after_) {
      each = nanoseconds(1 + random() % 60'000'000'000);
    }
    // Short deadlines, because real time has to pass before peers fire them.
    for (nanoseconds& each : soon_)
      each = nanoseconds(1 + random() % 20'000'000);
    std::iota(order_.begin(), order_.end(), 0);
    std::shuffle(order_.begin(), order_.end(), random);
    half_.assign(order_.begin(), order_.begin() + timers / 2);
  }

  Times round() {
    Times times;
    times.of[Times::kInsert] = timed([&] { insert_all(subject_, after_); });
    times.of[Times::kPutOff] =
        timed([&] { put_off_all(subject_, order_, after_); });
    cancel_all(subject_, order_);
    insert_all(subject_, after_);
    times.of[Times::kCancel] = timed([&] { cancel_all(subject_, order_); });
    insert_all(subject_, soon_);
    cancel_all(subject_, half_);
    subject_.pass(std::chrono::milliseconds(25));
    Fired fired;
    times.of[Times::kFire] = 2 * timed([&] { fire_all(subject_, fired); });
    check(fired);
    return times;
  }

 private:
  template <class Work>
  double timed(Work work) const {
    return nanoseconds_of(work) / static_cast<double>(after_.size());
  }

  void check(const Fired& fired) const {
    std::size_t sum = 0;
    for (std::size_t i = half_.size(); i < order_.size(); ++i) sum += order_[i];
    const std::size_t count = order_.size() - half_.size();
    if (fired.count == count && fired.sum == sum) return;
    std::fprintf(stderr, "%zu of %zu timers fired\n", fired.count, count);
    std::exit(1);
  }

  Subject subject_;
  std::vector<nanoseconds> after_, soon_;
  std::vector<std::size_t> order_, half_;
};

// The tightest queue: a 4-ary heap of 16 bytes per timer, which knows the
// position of each timer. The heap does not allocate, has no ids that could be
// stale, and does not keep the order of equal deadlines.
class RawTimers {
 public:
  explicit RawTimers(std::size_t timers) : places_(timers) {
    heap_.reserve(timers);
  }

  void insert(std::size_t timer, nanoseconds after) {
    heap_.emplace_back();
    rise(heap_.size() - 1,
         {(now_ + after).count(), static_cast<std::uint32_t>(timer)});
  }
  void cancel(std::size_t timer) {
    const std::size_t place = places_[timer];
    const Item last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size()) return;
    if (place > 0 && last.when < heap_[(place - 1) / 4].when) {
      rise(place, last);
    } else {
      sink(place, last);
    }
  }
  void put_off(std::size_t timer, nanoseconds after) {
    cancel(timer);
    insert(timer, after);
  }
  void settle() {}
  void pass(nanoseconds time) { now_ += time; }
  void fire(Fired& fired) {
    while (!heap_.empty() && heap_[0].when <= now_.count()) {
      const Item first = heap_[0], last = heap_.back();
      heap_.pop_back();
      if (!heap_.empty()) sink(0, last);
      fired.add(first.timer);
    }
  }

 private:
  struct Item {
    std::int64_t when;
    std::uint32_t timer;
  };

  void put(std::size_t place, Item item) {
    heap_[place] = item;
    places_[item.timer] = static_cast<std::uint32_t>(place);
  }
  void rise(std::size_t place, Item item) {
    while (place > 0 && item.when < heap_[(place - 1) / 4].when) {
      put(place, heap_[(place - 1) / 4]);
      place = (place - 1) / 4;
    }
    put(place, item);
  }
  void sink(std::size_t place, Item item) {
    for (;;) {
      const std::size_t first = 4 * place + 1;
      if (first >= heap_.size()) break;
      std::size_t least = first;
      const std::size_t end = std::min(first + 4, heap_.size());
      for (std::size_t child = first + 1; child < end; ++child) {
        if (heap_[child].when < heap_[least].when) least = child;
      }
      if (item.when <= heap_[least].when) break;
      put(place, heap_[least]);
      place = least;
    }
    put(place, item);
  }

  std::vector<Item> heap_;
  std::vector<std::uint32_t> places_;
  nanoseconds now_ = std::chrono::hours(1000);
};

// Rounds of Subject and of Raw in turns. The counters are the median of the
// nanoseconds a timer, and of their ratio to Raw's in the same round.
template <class Subject, class Raw>
void BM_timers(benchmark::State& state) {
  const auto timers = static_cast<std::size_t>(state.range(0));
  Workload<Subject> ours(timers);
  Workload<Raw> raw(timers);
  ours.round();  // Warm from now on.
  raw.round();
  std::array<std::vector<double>, Times::kCount> times, ratios;
  for (auto _ : state) {
    const Times our_times = ours.round(), raw_times = raw.round();
    for (std::size_t i = 0; i < Times::kCount; ++i) {
      times[i].push_back(our_times.of[i]);
      ratios[i].push_back(our_times.of[i] / raw_times.of[i]);
    }
    state.SetIterationTime(our_times.of[0] / 1e9);
  }
  static constexpr std::array<const char*, Times::kCount> kNames = {
      "1 insert", "2 cancel", "3 put off", "4 fire"};
  for (std::size_t i = 0; i < Times::kCount; ++i) {
    state.counters[kNames[i]] = median(times[i]);
    state.counters[std::string(kNames[i]) + "/raw"] = median(ratios[i]);
  }
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_TIMERS_BENCH_H_
