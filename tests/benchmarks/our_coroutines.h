// The workloads of coroutines, with the library itself.

#ifndef TESTS_BENCHMARKS_OUR_COROUTINES_H_
#define TESTS_BENCHMARKS_OUR_COROUTINES_H_

#include <cstddef>

#include "loop/callbacks/callbacks.h"
#include "loop/coroutines/coroutines.h"
#include "tests/benchmarks/workload.h"

namespace benchmarks {

class OurCoroutines {
 public:
  using Coroutine = loop::Coroutine<long>;

  void run(Coroutine coroutine, int n);

  static Coroutine children(int n);
  static Coroutine ready(int n);
  static Coroutine turns(int n);
  static Coroutine spawns(int n);
  static Coroutine eager(int n);
  static Coroutine spawn_all(int n);
  static Coroutine timers(int n);
  static Coroutine hand_over(int n);
  static double sleeping_bytes(std::size_t tasks);

 private:
  loop::EventLoop loop_;
};

// Adds the workloads of coroutines that no other library here has, and those of
// the echo server: with an awaiter, and with streams.
void add_our_coroutines(Program& program);

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_OUR_COROUTINES_H_
