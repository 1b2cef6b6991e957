// The workloads of coroutines.

#ifndef TESTS_BENCHMARKS_COROUTINE_WORK_H_
#define TESTS_BENCHMARKS_COROUTINE_WORK_H_

#include <cstddef>
#include <string>
#include <utility>

#include "tests/benchmarks/workload.h"

namespace benchmarks {

// A subject has
//   Coroutine            the type of a coroutine that returns a long
//   void run(Coroutine, int n)   runs it in the loop, and calls check_sum()
//   static Coroutine children(int n)   awaits n coroutines that do not suspend;
//                                      returns the sum of their results
//   static Coroutine ready(int n)      awaits a result that is there, n times
//   static Coroutine turns(int n)      awaits the next iteration, n times
//   static Coroutine spawns(int n)     runs a child as a task, and awaits that
//   static Coroutine timers(int n)     awaits a timer that is due at once
//   static Coroutine hand_over(int n)  takes n numbers from another coroutine,
//                                      by a queue with room for one
// each of which returns the same sum as children(), and may have
//   static Coroutine eager(int n)      as spawns(); the task starts at once
//   static Coroutine spawn_all(int n)  runs n children as tasks, and awaits
//                                      all of them at the end
//   static double sleeping_bytes(std::size_t tasks)   the memory of each

// Makes the compiler believe that `value` is used.
template <class Value>
void keep(const Value& value) {
  asm volatile("" : : "r"(value) : "memory");
}

inline void check_sum(long sum, int n) {
  check(sum == long{n} * (n - 1) / 2, "sum of the coroutines");
}

template <class Subject>
void add_coroutines(Program& program) {
  using Coroutine = typename Subject::Coroutine;
  const auto add = [&](const std::string& name, Coroutine (*make)(int),
                       int operations = 10'000) {
    program.add(name, [=](Run& run) {
      Subject subject;
      run.repeat(operations,
                 [&] { subject.run(make(operations), operations); });
    });
  };
  add("child", Subject::children);
  add("done_future", Subject::ready);
  add("next_turn", Subject::turns);
  add("spawn", Subject::spawns);
  add("due_timer", Subject::timers);
  add("hand_over", Subject::hand_over);
  if constexpr (requires { Subject::eager(1); }) add("eager", Subject::eager);
  if constexpr (requires { Subject::spawn_all(1); }) {
    for (const int tasks : {10, 1000, 100'000, 1'000'000}) {
      add("spawn_all/" + std::to_string(tasks), Subject::spawn_all, tasks);
    }
  }
  program.add("task_bytes", [](Run& run) {
    run.set_bytes(Subject::sleeping_bytes(100'000));
  });
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_COROUTINE_WORK_H_
