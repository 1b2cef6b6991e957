// The library itself.

#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "loop/callbacks/callbacks.h"
#include "tests/benchmarks/callback_work.h"
#include "tests/benchmarks/coroutine_work.h"
#include "tests/benchmarks/our_coroutines.h"
#include "tests/benchmarks/workload.h"
#include "timers/timer_heap.h"
#include "timers/timer_queue.h"
#include "timers/timer_wheel.h"

namespace benchmarks {
namespace {

class Loop {
 public:
  template <class Work>
  class Readers;
  class Changes;

  template <class F>
  void post(const F& function) {
    loop_.call_soon(function);
  }
  template <class F>
  void post_from_outside(const F& function) {
    loop_.call_soon_threadsafe(function);
  }
  void run() { loop_.run_forever(); }
  void turn() { loop_.run_once(std::chrono::seconds(0)); }
  void stop() { loop_.stop(); }

 private:
  loop::EventLoop loop_;
};

template <class Work>
class Loop::Readers {
 public:
  Readers(Loop& loop, Work& work) : loop_(loop.loop_), work_(work) {}

  void start(std::size_t i) {
    loop_.add_reader(work_.fd(i), [this, i] {
      if (read_from(work_, i)) loop_.stop();
    });
  }
  void stop(std::size_t i) { loop_.remove_reader(work_.fd(i)); }
  void run() { loop_.run_forever(); }

 private:
  loop::EventLoop& loop_;
  Work& work_;
};

class Loop::Changes {
 public:
  Changes(Loop& loop, FdPairs& pairs) : loop_(loop.loop_), pairs_(pairs) {}

  void add_reader(std::size_t i) {
    loop_.add_reader(pairs_.fd(i), [] {});
  }
  void add_writer(std::size_t i) {
    loop_.add_writer(pairs_.fd(i), [] {});
  }
  void remove_both(std::size_t i) {
    loop_.remove_reader(pairs_.fd(i));
    loop_.remove_writer(pairs_.fd(i));
  }

 private:
  loop::EventLoop& loop_;
  FdPairs& pairs_;
};

// The clock is read once for many timers, as libev and libuv do.
class Timers {
 public:
  explicit Timers(std::size_t timers) : handles_(timers) {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  void insert(std::size_t timer, nanoseconds after) {
    handles_[timer] =
        loop_.call_at(now_ + after, [this, timer] { fired_->add(timer); });
  }
  void cancel(std::size_t timer) { handles_[timer].cancel(); }
  void put_off(std::size_t timer, nanoseconds after) {
    handles_[timer].reschedule(now_ + after);
  }
  void turn() {
    loop_.run_once(std::chrono::seconds(0));
    now_ = loop_.time();
  }
  void pass(nanoseconds time) { std::this_thread::sleep_for(time); }
  void fire(Fired& fired) {
    fired_ = &fired;
    turn();
  }

 private:
  loop::EventLoop loop_;
  loop::TimePoint now_ = loop_.time();
  std::vector<loop::TimerHandle> handles_;
  Fired* fired_ = nullptr;
};

// A queue alone. The benchmark sets the clock.
template <class Queue>
class QueueTimers {
 public:
  explicit QueueTimers(std::size_t timers) : ids_(timers) {}

  void insert(std::size_t timer, nanoseconds after) {
    ids_[timer] = queue_.schedule(now_ + after, timer);
  }
  void cancel(std::size_t timer) { queue_.cancel(ids_[timer]); }
  void put_off(std::size_t timer, nanoseconds after) {
    queue_.reschedule(ids_[timer], now_ + after);
  }
  void turn() {
    queue_.pop_due(now_, [&](std::size_t timer) { fired_->add(timer); });
  }
  void pass(nanoseconds time) { now_ += time; }
  void fire(Fired& fired) {
    fired_ = &fired;
    turn();
  }

 private:
  Queue queue_;
  std::vector<timers::TimerId> ids_;
  nanoseconds now_ = std::chrono::hours(1000);
  Fired* fired_ = nullptr;
};

using HeapAlone = QueueTimers<timers::TimerHeap<std::size_t>>;
using WheelAlone = QueueTimers<timers::TimerWheel<std::size_t>>;

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::Program program;
  benchmarks::add_callbacks<benchmarks::Timers, benchmarks::Loop>(program);
  benchmarks::add_timers<benchmarks::HeapAlone>(program, "heap_");
  benchmarks::add_timers<benchmarks::WheelAlone>(program, "wheel_");
  benchmarks::add_coroutines<benchmarks::OurCoroutines>(program);
  benchmarks::add_our_coroutines(program);
  return program.run(argc, argv);
}
