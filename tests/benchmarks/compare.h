// `compare()`: two ways of doing the same work, timed in turns in one run.
//
// Absolute times on a shared machine are noise, but the ratio of two adjacent
// measurements is stable. So each round times a batch of one way and then at
// once a batch of the other. The order alternates, and the result is the median
// over the rounds.

#ifndef TESTS_BENCHMARKS_COMPARE_H_
#define TESTS_BENCHMARKS_COMPARE_H_

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace benchmarks {

template <class Work>
double nanoseconds_of(Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double, std::nano> elapsed =
      std::chrono::steady_clock::now() - start;
  return elapsed.count();
}

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Times `raw` and `ours`, each of which does `operations` operations. The
// benchmark's own time is the time of `ours`; the counters are nanoseconds per
// operation, and their ratio.
template <class Raw, class Ours>
void compare(benchmark::State& state, double operations, Raw raw, Ours ours) {
  std::vector<double> raw_times, our_times, ratios;
  bool raw_first = true;
  for (auto _ : state) {
    double raw_time = raw_first ? nanoseconds_of(raw) : 0;
    const double our_time = nanoseconds_of(ours);
    if (!raw_first) raw_time = nanoseconds_of(raw);
    raw_first = !raw_first;
    state.SetIterationTime(our_time / 1e9);
    raw_times.push_back(raw_time / operations);
    our_times.push_back(our_time / operations);
    ratios.push_back(our_time / raw_time);
  }
  state.counters["raw_ns"] = median(raw_times);
  state.counters["ours_ns"] = median(our_times);
  state.counters["ratio"] = median(ratios);
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_COMPARE_H_
