// `AsCompletedCore`: the part of as_completed() that does not depend on the
// types of the results.

#ifndef LOOP_TASKS_AS_COMPLETED_CORE_H_
#define LOOP_TASKS_AS_COMPLETED_CORE_H_

#include <cstddef>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/coroutine.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/futures/intrusive_list.h"
#include "selectors/wait_limit.h"

namespace loop {

// A queue that each future enters when it is done. Port of
// asyncio._AsCompletedIterator, and of the Queue that it uses (CPython 3.15,
// Lib/asyncio/tasks.py).
class AsCompletedCore {
 public:
  AsCompletedCore(EventLoop& event_loop, std::size_t size,
                  SourceLocation where);
  AsCompletedCore(const AsCompletedCore&) = delete;
  AsCompletedCore& operator=(const AsCompletedCore&) = delete;
  ~AsCompletedCore() { timer_.cancel(); }

  // Adds a future; called for each in order. The future must outlive this
  // object.
  void watch(FutureCore& future);
  // Starts the timer; called after the last watch(). When the timer fires, the
  // futures that are pending do not count any more.
  void start_timer(selectors::WaitLimit timeout);

  // Returns whether get() may be called once more.
  bool are_left() const { return left_ > 0; }
  void take_turn() { --left_; }
  void give_turn_back() { ++left_; }

  // Waits for the next future that is done, and takes it out of the queue.
  // Callers are served in FIFO order. Throws TimeoutError. This object must
  // exist until then.
  Coroutine<FutureCore*> get();

 private:
  struct Entry final : DoneCallback {
    void on_done(FutureCore& done) override {
      future = nullptr;
      core->add(done);
    }
    AsCompletedCore* core = nullptr;
    FutureCore* future = nullptr;  // nullptr: done.
  };
  class Waiting;
  struct Waiter;

  void add(FutureCore& future);
  void time_out();
  void wake_next();

  EventLoop& loop_;
  const SourceLocation where_;
  std::vector<Entry> entries_;
  std::size_t watched_ = 0;
  std::size_t left_;

  std::vector<FutureCore*> done_;
  std::size_t taken_ = 0;  // The number of these that get() has returned.
  bool has_timed_out_ = false;
  IntrusiveList<Waiter> waiters_;  // In get().
  TimerHandle timer_;
};

}  // namespace loop

#endif  // LOOP_TASKS_AS_COMPLETED_CORE_H_
