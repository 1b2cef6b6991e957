// `Program`: a benchmark program of one library, which runs one of its
// workloads.
//
//   PROGRAM                   lists the names of its workloads
//   PROGRAM --compiler        prints the compiler, and the C library
//   PROGRAM WORKLOAD ROUNDS   runs one of them, and prints
//                             OPERATIONS CPU_NANOSECONDS BYTES_EACH ALLOCATIONS
//
// Only the parts of a workload that Run::measure() calls are measured: set-up,
// one round that warms up, and checks are not. The measured parts run within
// the function measured_part(), so that callgrind can count them
// (--toggle-collect). compare.py runs the programs.

#ifndef TESTS_BENCHMARKS_WORKLOAD_H_
#define TESTS_BENCHMARKS_WORKLOAD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace benchmarks {

// Ends the program with a message.
[[noreturn]] void fail(const char* what);

// Ends the program with a message, unless `holds`.
inline void check(bool holds, const char* what) {
  if (!holds) [[unlikely]]
    fail(what);
}

// Calls `call(work)`. Never inlined, and never nested: callgrind starts
// counting when a thread enters this function, and stops when the thread leaves
// it.
void measured_part(void (*call)(void*), void* work);

template <class Work>
void measured(Work& work) {
  measured_part([](void* each) { (*static_cast<Work*>(each))(); }, &work);
}

// The bytes that are allocated at present, with malloc's own.
double allocated_bytes();

// The calls of operator new up to now.
double allocations();

// One run of a workload.
class Run {
 public:
  explicit Run(std::size_t rounds) : rounds_(rounds) {}

  std::size_t rounds() const { return rounds_; }

  // Runs `work`, which does `operations` operations, and measures it.
  template <class Work>
  void measure(double operations, Work work) {
    measure_threads(operations, [&] { measured(work); });
  }
  // Runs `work`, which itself calls measured() in each of its threads.
  template <class Work>
  void measure_threads(double operations, Work work) {
    const double allocations_before = allocations();
    const double start = cpu_nanoseconds();
    work();
    cpu_ += cpu_nanoseconds() - start;
    allocations_ += allocations() - allocations_before;
    operations_ += operations;
  }
  // Runs `round` once to warm up, and then rounds() times measured. A round
  // does `operations` operations.
  template <class Round>
  void repeat(double operations, Round round) {
    repeat_part(operations, [&](auto measure) { measure(round); });
  }
  // Calls round(measure) once to warm up, with a `measure` that only calls its
  // argument, and then rounds() times with one that measures the call.
  template <class Round>
  void repeat_part(double operations, Round round) {
    round([](auto work) { work(); });
    for (std::size_t i = 0; i < rounds_; ++i) {
      round([&](auto work) { measure(operations, work); });
    }
  }
  // For workloads that measure memory.
  void set_bytes(double bytes) { bytes_ = bytes; }

  void print() const;

 private:
  // The time that all threads of this process have run.
  static double cpu_nanoseconds();

  const std::size_t rounds_;
  double operations_ = 0, cpu_ = 0, bytes_ = 0, allocations_ = 0;
};

class Program {
 public:
  void add(const std::string& name, std::function<void(Run&)> workload) {
    workloads_[name] = std::move(workload);
  }
  // Does what the arguments of main() ask for, and returns the exit status.
  int run(int argc, char** argv);

  // The folder of the running program.
  static std::string folder();

 private:
  std::map<std::string, std::function<void(Run&)>> workloads_;
};

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_WORKLOAD_H_
