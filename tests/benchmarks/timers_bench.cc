// The cost of a timer in each queue, beside the tightest hand-written queue.
//
//   ./bazelw run --config=opt //tests/benchmarks:timers_bench
//   ./bazelw run --config=opt //tests/benchmarks:timers_peers_bench
//
// The second one adds libev, libevent, libuv and asio (Debian: libev-dev,
// libevent-dev, libuv1-dev, libasio-dev) and is this file with the macro
// TIMERS_BENCH_PEERS.
//
// Rows are a queue and its number of timers. Columns are nanoseconds per timer,
// and their ratio to the same work of the hand-written queue in the same round:
//   insert    deadlines at random within 60 s
//   cancel    all, in random order
//   put off   timers get another deadline at random within 60 s, in random
//             order, with a single call if the library has one for that
//   fire      half are cancelled, as idle timeouts are; time has passed, and
//             the others fire at once. The time is per timer that fires.
// "/raw" is that ratio: 0.5 is twice as fast as the hand-written one.
//
// User instructions per timer, which are unaffected by other load on the
// machine:
//
//   for work in insert_all cancel_all put_off_all fire_all; do
//     valgrind --tool=callgrind --callgrind-out-file=/dev/null
//       --toggle-collect="*$work<*Ours<*TimerHeap*"
//       bazel-bin/tests/benchmarks/timers_bench
//       --benchmark_filter=heap/10000/iterations:31
//   done
//
// (each call of valgrind in one line). Divide the number after "Collected" by
// the number of timers and by the 32 rounds: 31, and one to get warm. In a
// round insert_all runs three times for all timers, and cancel_all runs twice
// for all and once for half of them. Half of the timers fire.

#include "tests/benchmarks/timers_bench.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#ifdef TIMERS_BENCH_PEERS
#include "tests/benchmarks/timers_bench_peers.h"
#endif
#include "timers/sorted_timer_list.h"
#include "timers/timer_heap.h"
#include "timers/timer_queue.h"
#include "timers/timer_wheel.h"

namespace benchmarks {
namespace {

// A queue of ours. The benchmark sets the clock.
template <class Queue>
class Ours {
 public:
  explicit Ours(std::size_t timers) : ids_(timers) {}

  void insert(std::size_t timer, nanoseconds after) {
    ids_[timer] = queue_.schedule(now_ + after, timer);
  }
  void cancel(std::size_t timer) { queue_.cancel(ids_[timer]); }
  void put_off(std::size_t timer, nanoseconds after) {
    queue_.reschedule(ids_[timer], now_ + after);
  }
  void settle() {}
  void pass(nanoseconds time) { now_ += time; }
  void fire(Fired& fired) {
    queue_.pop_due(now_, [&](std::size_t timer) { fired.add(timer); });
  }

 private:
  Queue queue_;
  std::vector<timers::TimerId> ids_;
  nanoseconds now_ = std::chrono::hours(1000);
};

template <class Subject>
void add(const std::string& name, std::initializer_list<int> sizes) {
  for (const int timers : sizes) {
    benchmark::RegisterBenchmark(name.c_str(), BM_timers<Subject, RawTimers>)
        ->Arg(timers)
        ->UseManualTime()
        ->Iterations(std::clamp(1'000'000 / timers, 3, 1000));
  }
}

const bool registered = [] {
  add<Ours<timers::SortedTimerList<std::size_t>>>("list", {100, 1000, 10'000});
  const auto all = {100, 1000, 10'000, 100'000, 1'000'000};
  add<Ours<timers::TimerHeap<std::size_t>>>("heap", all);
  add<Ours<timers::TimerWheel<std::size_t>>>("wheel", all);
#ifdef TIMERS_BENCH_PEERS
  add<Libev>("libev", all);
  add<Libevent>("libevent", all);
  add<Libuv>("libuv", all);
  add<Asio>("asio", all);
#endif
  return true;
}();

}  // namespace
}  // namespace benchmarks

BENCHMARK_MAIN();
