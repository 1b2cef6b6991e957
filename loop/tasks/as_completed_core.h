// What as_completed() is made of, but for the types of the results.

#ifndef LOOP_TASKS_AS_COMPLETED_CORE_H_
#define LOOP_TASKS_AS_COMPLETED_CORE_H_

#include <cstddef>
#include <deque>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/coroutine.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/futures/lifetime.h"
#include "selectors/wait_limit.h"

namespace loop {

// A queue of futures, which each enters when it is done.
// Port of asyncio._AsCompletedIterator, and of the Queue that it uses (CPython
// 3.13, Lib/asyncio/tasks.py).
class AsCompletedCore {
 public:
  AsCompletedCore(EventLoop& event_loop, std::size_t size,
                  SourceLocation where);
  AsCompletedCore(const AsCompletedCore&) = delete;
  AsCompletedCore& operator=(const AsCompletedCore&) = delete;
  ~AsCompletedCore() { timer_.cancel(); }

  // Each in turn. It must exist for as long.
  void watch(FutureCore& future);
  // After the last. From then on, those that are pending do not count.
  void start_timer(selectors::WaitLimit timeout);

  // May somebody get() one more?
  bool are_left() const { return left_ > 0; }
  void take_turn() { --left_; }
  void give_turn_back() { ++left_; }

  // Waits for the next one and takes it out. Who asks first gets it first.
  // Throws TimeoutError. This must exist for as long.
  Coroutine<FutureCore*> get();

 private:
  struct Entry final : DoneCallback {
    void on_done(FutureCore& done) override {
      future = nullptr;
      core->add(done);
    }
    AsCompletedCore* core = nullptr;
    FutureCore* future = nullptr;  // nullptr: it is done.
  };
  class Waiting;

  void add(FutureCore& future);
  void time_out();
  void wake_next();

  EventLoop& loop_;
  const SourceLocation where_;
  std::vector<Entry> entries_;
  std::size_t watched_ = 0;
  std::size_t left_;

  std::vector<FutureCore*> done_;
  std::size_t taken_ = 0;  // Of these.
  bool has_timed_out_ = false;
  std::deque<Future<void>> waiters_;
  TimerHandle timer_;
  Lifetime lifetime_;
};

}  // namespace loop

#endif  // LOOP_TASKS_AS_COMPLETED_CORE_H_
