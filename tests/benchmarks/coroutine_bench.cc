// The cost of awaiting.
//
//   ./bazelw run --config=opt //tests/benchmarks:coroutine_bench
//   ./bazelw run --config=opt //tests/benchmarks:coroutine_peers_bench
//
// The second one adds asio's awaitables (Debian: libasio-dev), and is this file
// with the macro COROUTINE_BENCH_PEERS.
//
// Rows are a work and a kind of coroutines. "ours_ns" is the time of an
// operation, "raw_ns" its time by hand (see coroutine_bench.h), and "ratio"
// their ratio in the same round; all are medians. An operation is to await
//   children    a coroutine that does not stop: make, run, destroy
//   ready       a future that is done
//   posts       the next iteration of the loop: a callback of the loop
//   spawns      a task: make, run, join
//   timers      a timer that is due at once
//   hand_over   an item of another coroutine, from a queue with room for one
// All are checked by sums.
//
// User instructions, which are unaffected by other load on the machine:
//
//   for work in children ready posts spawns timers hand_over; do
//     valgrind --tool=callgrind --callgrind-out-file=/dev/null
//       --toggle-collect="*run_$work<*Ours>*"
//       bazel-bin/tests/benchmarks/coroutine_bench
//       --benchmark_filter="^$work/ours"
//   done
//
// (in one line each). Divide the number after "Collected" by 10,000 operations
// a round, and by the number of rounds, which is one more than the row's name
// says. Raw> instead of Ours> counts the coroutines by hand.

#include "tests/benchmarks/coroutine_bench.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <utility>

#include "loop/callbacks/callbacks.h"
#include "loop/futures/futures.h"
#include "loop/loop.h"
#include "tests/benchmarks/compare.h"
#ifdef COROUTINE_BENCH_PEERS
#include "tests/benchmarks/coroutine_bench_asio.h"
#endif

namespace benchmarks {
namespace {

using namespace std::chrono_literals;  // NOLINT: as a user would write 1ns.

class Ours {
 public:
  using Coroutine = loop::Coroutine<long>;

  void run(Coroutine coroutine, int n) {
    const auto task = loop::create_task(loop_, std::move(coroutine));
    check_sum(loop::run_until_complete(task), n);
  }

  [[gnu::noinline]] static loop::Coroutine<int> child(int i) { co_return i; }

  static Coroutine children(int n) {
    long sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await child(i);
    co_return sum;
  }

  static Coroutine ready(int n) {
    const auto future = loop::create_future<int>(loop::get_running_loop());
    future.set_result(0);
    long sum = 0;
    for (int i = 0; i < n; ++i) sum += i + co_await future;
    co_return sum;
  }

  static Coroutine posts(int n) {
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      co_await loop::sleep(0s);
      sum += i;
    }
    co_return sum;
  }

  static Coroutine spawns(int n) {
    long sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await loop::create_task(child(i));
    co_return sum;
  }

  static Coroutine timers(int n) {
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      co_await loop::sleep(1ns);
      sum += i;
    }
    co_return sum;
  }

  static Coroutine hand_over(int n) {
    loop::Queue<int> queue(1);
    const auto put_all = [](loop::Queue<int>& to,
                            int count) -> loop::Coroutine<> {
      for (int i = 0; i < count; ++i) co_await to.put(i);
    };
    const auto producer = loop::create_task(put_all(queue, n));
    long sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await queue.get();
    co_await producer;
    co_return sum;
  }

 private:
  loop::EventLoop loop_;
};

constexpr int kOperations = 10'000;

template <class Subject>
void add(const char* work, const char* name, void (*raw_work)(Raw& raw, int n),
         void (*subject_work)(Subject& subject, int n)) {
  benchmark::RegisterBenchmark(
      (std::string(work) + "/" + name).c_str(),
      [=](benchmark::State& state) {
        Raw raw;
        Subject subject;
        raw_work(raw, kOperations);  // Warm from now on.
        subject_work(subject, kOperations);
        compare(
            state, kOperations, [&] { raw_work(raw, kOperations); },
            [&] { subject_work(subject, kOperations); });
      })
      ->UseManualTime()
      ->Iterations(300);
}

template <class Subject>
void add_all(const char* name) {
  add<Subject>("children", name, run_children<Raw>, run_children<Subject>);
  add<Subject>("ready", name, run_ready<Raw>, run_ready<Subject>);
  add<Subject>("posts", name, run_posts<Raw>, run_posts<Subject>);
  add<Subject>("spawns", name, run_spawns<Raw>, run_spawns<Subject>);
  add<Subject>("timers", name, run_timers<Raw>, run_timers<Subject>);
  add<Subject>("hand_over", name, run_hand_over<Raw>, run_hand_over<Subject>);
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::add_all<benchmarks::Ours>("ours");
#ifdef COROUTINE_BENCH_PEERS
  benchmarks::add_all<benchmarks::Asio>("asio");
#endif
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
