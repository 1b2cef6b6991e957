// `Promise`: a question that is asked of every loop, and `Result`: its answer.

#ifndef TESTS_BENCHMARKS_PROMISES_PROMISE_H_
#define TESTS_BENCHMARKS_PROMISES_PROMISE_H_

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/benchmarks/promises/any_loop.h"

namespace promises {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.
using Clock = std::chrono::steady_clock;

enum class Outcome { kKept, kNotKept, kNotApplicable };

struct Result {
  Outcome outcome;
  std::string remark;  // Short: the measured behaviour. May be empty.
};

// A promise as a row of the table. `ask` gets a new loop, in a process of its
// own. An exception that leaves it means that the promise is not kept.
struct Promise {
  const char* title;
  Result (*ask)(AnyLoop& loop);
};

// The rows of the table, by topic.
std::vector<Promise> timer_promises();
std::vector<Promise> descriptor_promises();
std::vector<Promise> fork_promises();

inline Result kept_if(bool kept, std::string remark = {}) {
  return {kept ? Outcome::kKept : Outcome::kNotKept, std::move(remark)};
}

inline Result not_applicable(std::string reason) {
  return {Outcome::kNotApplicable, std::move(reason)};
}

// A pipe. Its descriptors stay open until the process ends.
struct Pipe {
  Pipe();
  void write_byte() const;
  int reader = -1;
  int writer = -1;
};

// Keeps the thread busy, as a callback that computes.
void work_for(Delay duration);

// Runs the loop for a time.
void run_for(AnyLoop& loop, Delay duration);

// Runs `function` in a callback of the loop, and the loop for a time.
void run_in_callback(AnyLoop& loop, const Function& function, Delay duration);

// Returns a duration as "1.2 ms".
std::string to_text(Clock::duration duration);

}  // namespace promises

#endif  // TESTS_BENCHMARKS_PROMISES_PROMISE_H_
