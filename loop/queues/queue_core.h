// `QueueCore`: the part of a queue that does not depend on the type of its
// items.

#ifndef LOOP_QUEUES_QUEUE_CORE_H_
#define LOOP_QUEUES_QUEUE_CORE_H_

#include <cstddef>
#include <stdexcept>

#include "loop/locks/event.h"
#include "loop/locks/wait_queue.h"

namespace loop {

/// Thrown by get_nowait() on an empty queue. Port of asyncio.QueueEmpty.
struct QueueEmpty : std::runtime_error {
  QueueEmpty();
};
/// Thrown by put_nowait() on a full queue. Port of asyncio.QueueFull.
struct QueueFull : std::runtime_error {
  QueueFull();
};
/// Thrown by put(), put_nowait(), get() and get_nowait() after shutdown().
///
/// Port of asyncio.QueueShutDown.
struct QueueShutDown : std::runtime_error {
  QueueShutDown();
};

/// The base of all queues: the waiting tasks, and the count of unfinished
/// items.
///
/// ```cpp
/// for (;;) {
///   handle(co_await queue.get());
///   queue.task_done();  // Another task waits with `co_await queue.join()`.
/// }
/// ```
///
/// For the tasks of one loop, in its thread.
class QueueCore {
 public:
  /// Makes the base of a queue for at most `maxsize` items; 0: for any number.
  explicit QueueCore(std::size_t maxsize) : maxsize_(maxsize) {
    finished_.set();
  }
  QueueCore(const QueueCore&) = delete;
  QueueCore& operator=(const QueueCore&) = delete;

  /// Returns the largest number of items; 0: any number.
  std::size_t maxsize() const { return maxsize_; }

  /// Marks one of the items that get() returned as done. Throws ValueError if
  /// all are done.
  void task_done();

  /// `co_await queue.join()` waits until task_done() was called for each item.
  Event::WaitOperation join() { return finished_.wait(); }

 protected:
  bool is_shut_down() const { return is_shut_down_; }

  // Waiters are woken before the queue changes, as waking may run out of
  // memory. If the change fails after all, they wait again.

  // Called before an item is added.
  void before_put() { getters_.wake_first(); }
  // Called after an item was added.
  void after_put() {
    ++unfinished_;
    finished_.clear();
  }
  // Called before an item is removed.
  void before_get() { putters_.wake_first(); }
  // Counts one item as done.
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
  Event finished_;  // Set if no item is unfinished.
};

}  // namespace loop

#endif  // LOOP_QUEUES_QUEUE_CORE_H_
