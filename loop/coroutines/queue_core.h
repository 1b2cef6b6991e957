// What a queue is, but for what it holds.

#ifndef LOOP_COROUTINES_QUEUE_CORE_H_
#define LOOP_COROUTINES_QUEUE_CORE_H_

#include <cstddef>
#include <stdexcept>

#include "loop/coroutines/event.h"
#include "loop/coroutines/wait_queue.h"

namespace loop {

// There is nothing to get. Port of asyncio.QueueEmpty.
struct QueueEmpty : std::runtime_error {
  QueueEmpty();
};
// There is no room. Port of asyncio.QueueFull.
struct QueueFull : std::runtime_error {
  QueueFull();
};
// It has been shut down. Port of asyncio.QueueShutDown (CPython 3.13).
struct QueueShutDown : std::runtime_error {
  QueueShutDown();
};

// Who waits, and how much of what was put has been dealt with.
class QueueCore {
 public:
  explicit QueueCore(std::size_t maxsize) : maxsize_(maxsize) {
    finished_.set();
  }
  QueueCore(const QueueCore&) = delete;
  QueueCore& operator=(const QueueCore&) = delete;

  // How many items there may be; 0: any number.
  std::size_t maxsize() const { return maxsize_; }

  // One of the items that were got has been dealt with. Throws ValueError if
  // all have been.
  void task_done();

  // `co_await queue.join()` waits until all that was put has been got, and
  // dealt with.
  Event::Wait join() { return finished_.wait(); }

 protected:
  bool is_shut_down() const { return is_shut_down_; }

  // Others are told first, as there may be no memory for that. If nothing comes
  // of it after all, they wait again.

  // An item is about to come.
  void before_put() { getters_.wake_first(); }
  // It has.
  void after_put() {
    ++unfinished_;
    finished_.clear();
  }
  // One is about to go.
  void before_get() { putters_.wake_first(); }
  // One has been dealt with, or is about to be dropped.
  void finish_one() {
    if (unfinished_ == 1) finished_.set();
    if (unfinished_ > 0) --unfinished_;
  }

  void shut_down();

  BoundLoop loop_;
  WaitQueue getters_;
  WaitQueue putters_;

 private:
  const std::size_t maxsize_;
  bool is_shut_down_ = false;
  std::size_t unfinished_ = 0;
  Event finished_;  // Set if none is unfinished.
};

}  // namespace loop

#endif  // LOOP_COROUTINES_QUEUE_CORE_H_
