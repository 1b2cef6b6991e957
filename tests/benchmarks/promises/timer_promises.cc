// The promises about time.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/benchmarks/promises/any_loop.h"
#include "tests/benchmarks/promises/promise.h"
#include "tests/benchmarks/promises/system_calls.h"

namespace promises {
namespace {

// The time by which timers ran after their deadlines. Negative: before them.
class Lateness {
 public:
  explicit Lateness(AnyLoop& loop) : loop_(loop) {}

  // Starts a timer.
  void measure(Delay delay) {
    const auto due = Clock::now() + delay;
    ++waiting_;
    loop_.start_timer(delay, [this, due] { done(Clock::now() - due); });
  }
  // Runs the loop until all timers have run.
  void run() { loop_.run(); }

  Clock::duration least() const { return least_; }
  Result never_early() const {
    return kept_if(least_ >= 0s,
                   least_ < 0s ? to_text(-least_) + " early" : "");
  }

 private:
  void done(Clock::duration late) {
    least_ = std::min(least_, late);
    if (--waiting_ == 0) loop_.stop();
  }
  AnyLoop& loop_;
  int waiting_ = 0;
  Clock::duration least_ = Clock::duration::max();
};

Result timers_are_never_early(AnyLoop& loop) {
  Lateness lateness(loop);
  for (int i = 0; i < 150; ++i) {
    loop.start_timer(1ms, [&, i] { lateness.measure(1us + i * 33us); });
    lateness.run();
  }
  return lateness.never_early();
}

Result timer_after_work_is_never_early(AnyLoop& loop) {
  Lateness lateness(loop);
  const auto work = [&] {
    work_for(60ms);
    lateness.measure(50ms);
  };
  loop.start_timer(1ms, work);
  lateness.run();
  const Result after_timer = lateness.never_early();
  if (after_timer.outcome != Outcome::kKept) return after_timer;
  const Pipe pipe;
  pipe.write_byte();
  std::size_t watcher = 0;
  watcher = loop.watch(pipe.reader, [&] {
    loop.unwatch(watcher);
    work();
  });
  lateness.run();
  Result after_event = lateness.never_early();
  if (!after_event.remark.empty()) after_event.remark += ", of a descriptor";
  return after_event;
}

Result timer_before_run_is_never_early(AnyLoop& loop) {
  Lateness lateness(loop);
  work_for(60ms);
  lateness.measure(50ms);
  lateness.run();
  return lateness.never_early();
}

Result overdue_timer_runs_at_once(AnyLoop& loop) {
  Clock::time_point worked_until;
  Clock::duration pause{};
  const auto make_timers = [&] {
    loop.start_timer(1ms, [&] {
      work_for(70ms);
      worked_until = Clock::now();
    });
    loop.start_timer(60ms, [&] {
      pause = Clock::now() - worked_until;
      loop.stop();
    });
  };
  loop.start_timer(1ms, make_timers);
  loop.run();
  return kept_if(pause < 30ms, pause < 30ms ? "" : to_text(pause) + " later");
}

Result equal_deadlines_are_fifo(AnyLoop& loop) {
  constexpr int kTimers = 20;
  std::vector<int> order;
  std::vector<Function> timers;
  for (int i = 1; i <= kTimers; ++i) {
    timers.push_back([&order, i] { order.push_back(i); });
  }
  run_in_callback(
      loop, [&] { loop.start_timers(5ms, timers); }, 50ms);
  std::string remark;
  for (int i = 0; i < 6; ++i) remark += std::to_string(order.at(i)) + ' ';
  const bool fifo = std::is_sorted(order.begin(), order.end());
  return kept_if(fifo, fifo ? "" : remark + "…");
}

Result cancelled_timer_never_runs(AnyLoop& loop) {
  std::vector<std::size_t> timers;
  int ran = 0;
  const auto on_timer = [&] {
    if (++ran > 1) return;
    for (const std::size_t timer : timers) loop.cancel_timer(timer);
  };
  const auto make_timers = [&] {
    for (int i = 0; i < 5; ++i) {
      timers.push_back(loop.start_timer(1ms, on_timer));
    }
    work_for(5ms);
  };
  run_in_callback(loop, make_timers, 50ms);
  return kept_if(ran == 1, ran == 1 ? "" : std::to_string(ran) + " run");
}

// Runs a timer without delay that starts itself again, until `is_done()`. The
// promise is broken if that is still false after many steps.
Result chain_ends(AnyLoop& loop, const std::function<bool()>& is_done) {
  const auto end = Clock::now() + 50ms;
  int steps = 0;
  bool gave_up = false;
  Function step = [&] {
    gave_up = ++steps > 1000 && Clock::now() > end && !is_done();
    if (gave_up || is_done()) return loop.stop();
    loop.start_timer(0ms, step);
  };
  loop.start_timer(0ms, step);
  loop.start_timer(1s, [&] { loop.stop(); });
  loop.run();
  if (steps == 0) return not_applicable("0 stops a timer");
  return kept_if(!gave_up, gave_up ? "starved" : "");
}

Result chain_leaves_descriptors_their_turn(AnyLoop& loop) {
  const Pipe pipe;
  pipe.write_byte();
  bool read = false;
  loop.watch(pipe.reader, [&] { read = true; });
  return chain_ends(loop, [&] { return read; });
}

Result chain_leaves_timers_their_turn(AnyLoop& loop) {
  bool ran = false;
  loop.start_timer(2ms, [&] { ran = true; });
  return chain_ends(loop, [&] { return ran; });
}

Result far_timer_waits(AnyLoop& loop) {
  constexpr Delay kFar = std::chrono::seconds(1'000'000'000'000);
  if (loop.longest() < kFar) {
    const auto days =
        std::chrono::floor<std::chrono::hours>(loop.longest()) / 24;
    return kept_if(false, "API: " + std::to_string(days.count()) + " days");
  }
  bool ran = false;
  loop.start_timer(kFar, [&] { ran = true; });
  run_for(loop, 20ms);
  return kept_if(!ran, ran ? "at once" : "");
}

Result delay_is_not_rounded_to_ms(AnyLoop& loop) {
  if (loop.resolution() >= 1ms) return not_applicable("API in ms");
  Clock::duration least = 1s;
  for (int i = 0; i < 20; ++i) {
    const auto start = Clock::now();
    run_for(loop, 1500us);
    least = std::min(least, Clock::now() - start);
  }
  return kept_if(least >= 1500us && least < 2ms, to_text(least));
}

// Waits 1.5 ms between two marks.
void wait_between_marks(AnyLoop& loop) {
  loop.start_timer(1ms, [&] {
    mark_system_calls();
    loop.start_timer(1500us, [&] {
      mark_system_calls();
      loop.stop();
    });
  });
  loop.run();
}

// The fewest calls of some attempts count, because a busy machine may add some.
Result wait_is_one_system_call(AnyLoop& loop) {
  std::vector<std::string> fewest(100);
  for (int i = 0; i < 5; ++i) {
    const auto calls = system_calls_of([&] { wait_between_marks(loop); });
    if (!calls) return not_applicable("no strace");
    if (calls->size() < fewest.size()) fewest = *calls;
  }
  if (fewest.size() == 1) return kept_if(true, fewest.front());
  return kept_if(false, std::to_string(fewest.size()) + " calls");
}

}  // namespace

std::vector<Promise> timer_promises() {
  return {
      {"150 timers of 0.001 to 5 ms, one by one, are never early",
       timers_are_never_early},
      {"a timer made after 60 ms of work in a callback is never early",
       timer_after_work_is_never_early},
      {"a timer made 60 ms after the loop, before it runs, is never early",
       timer_before_run_is_never_early},
      {"a timer that is overdue after a long callback runs at once",
       overdue_timer_runs_at_once},
      {"timers of equal deadlines are first in, first out",
       equal_deadlines_are_fifo},
      {"a due timer that is cancelled does not run",
       cancelled_timer_never_runs},
      {"a chain of timers without delay leaves descriptors their turn",
       chain_leaves_descriptors_their_turn},
      {"… leaves other timers their turn", chain_leaves_timers_their_turn},
      {"a timer of 10^12 s waits", far_timer_waits},
      {"a wait of 1.5 ms is not rounded to 2 ms", delay_is_not_rounded_to_ms},
      {"… is one system call", wait_is_one_system_call},
  };
}

}  // namespace promises
