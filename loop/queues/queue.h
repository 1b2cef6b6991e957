// `Queue`, `PriorityQueue`, `LifoQueue`: queues between tasks.

#ifndef LOOP_QUEUES_QUEUE_H_
#define LOOP_QUEUES_QUEUE_H_

#include <cstddef>
#include <functional>
#include <utility>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/locks/operation.h"
#include "loop/locks/wait_queue.h"
#include "loop/queues/queue_core.h"
#include "loop/queues/queue_item.h"
#include "loop/queues/queue_items.h"
#include "loop/queues/ring_buffer.h"

namespace loop {

/// A queue that some tasks put items into and other tasks get items from.
///
/// Queue, PriorityQueue and LifoQueue differ in the order of the items. T only
/// has to be movable.
///
/// ```cpp
/// loop::Queue<int> queue(10);
/// co_await queue.put(1);              // Waits while the queue is full.
/// const int item = co_await queue.get();  // Waits while it is empty.
/// ```
///
/// Waiting tasks are woken in the order in which they began to wait. (A task
/// that calls get() before a woken task has resumed may take its item; the
/// woken task then waits again.) Calls of put() and get() that need not wait do
/// not suspend the task.
///
/// The constructors and the destructor of an item may call the queue.
///
/// For the tasks of one loop, in its thread. The queue belongs to the loop of
/// the first task that has to wait. Tasks of another loop get a RuntimeError,
/// and so do tasks that wait when the queue is destroyed.
///
/// Port of asyncio.Queue (CPython 3.15, Lib/asyncio/queues.py).
template <class T, class Items>
class BasicQueue : public QueueCore {
 public:
  class Put;
  class PutAwaiter;
  class GetAwaiter;
  /// The awaitable that get() returns.
  using Get = Operation<BasicQueue, GetAwaiter>;

  /// Makes a queue for at most `maxsize` items; 0: for any number.
  explicit BasicQueue(std::size_t maxsize = 0) : QueueCore(maxsize) {}

  /// Returns the number of items.
  std::size_t qsize() const { return items_.size(); }
  /// Returns whether there is no item.
  bool empty() const { return qsize() == 0; }
  /// Returns whether there are maxsize() items.
  bool full() const { return maxsize() > 0 && qsize() >= maxsize(); }

  /// `co_await queue.put(item)` waits until there is room, and adds the item.
  ///
  /// Throws QueueShutDown if the queue is or gets shut down, and CancelledError
  /// if the task is cancelled while it waits; the item is dropped then.
  Put put(T item) { return Put(*this, std::move(item)); }

  /// `co_await queue.get()` waits until there is an item, and removes it.
  ///
  /// Throws QueueShutDown if the queue is empty and shut down.
  Get get() { return Get(*this); }

  /// Adds an item without waiting. Throws QueueFull if the queue is full, and
  /// QueueShutDown after shutdown().
  void put_nowait(T item) { add(QueueItem<T>(std::move(item))); }
  /// Removes and returns the next item without waiting. Throws QueueEmpty if
  /// the queue is empty, or QueueShutDown if it is empty and shut down.
  /// If the move constructor of the item throws, the item is lost.
  T get_nowait() {
    if (empty()) throw_empty();
    before_get();
    QueueItem<T> item = items_.pop();
    return std::move(*item);
  }

  /// Refuses further items: put() throws QueueShutDown, also in waiting tasks.
  ///
  /// Items that are in the queue can still be removed; then get() throws
  /// QueueShutDown, too. With `immediate` the items are dropped and count as
  /// done, see task_done().
  void shutdown(bool immediate = false) {
    shut_down();
    while (immediate && !empty()) drop();
  }

 private:
  [[noreturn]] void throw_empty() const {
    if (is_shut_down()) throw QueueShutDown();
    throw QueueEmpty();
  }
  void add(QueueItem<T>&& item) {
    if (is_shut_down()) throw QueueShutDown();
    if (full()) throw QueueFull();
    items_.make_room();
    before_put();
    items_.push(std::move(item));
    after_put();
  }
  void drop() {
    finish_one();
    [[maybe_unused]] const QueueItem<T> dropped = items_.pop();
  }

  bool can_put() const { return !full() || is_shut_down(); }
  bool can_get() const { return !empty() || is_shut_down(); }

  Items items_;
};

/// A queue from which the oldest item is removed first. Port of asyncio.Queue.
template <class T>
using Queue = BasicQueue<T, RingBuffer<QueueItem<T>>>;

/// A queue from which the least item, by `Compare`, is removed first. Adding
/// and removing an item throw the exceptions of `Compare`; then nothing has
/// changed. They throw RuntimeError if `Compare` calls them, as heapq does in
/// Python.
///
/// ```cpp
/// loop::PriorityQueue<int, std::greater<>> queue;  // The greatest item first.
/// ```
///
/// Port of asyncio.PriorityQueue.
template <class T, class Compare = std::less<T>>
using PriorityQueue = BasicQueue<T, PriorityItems<T, Compare>>;

/// A queue from which the newest item is removed first.
///
/// ```cpp
/// loop::LifoQueue<int> stack;
/// ```
///
/// Port of asyncio.LifoQueue.
template <class T>
using LifoQueue = BasicQueue<T, LifoItems<T>>;

/// The awaitable that put() returns; it holds the item.
template <class T, class Items>
class [[nodiscard]] BasicQueue<T, Items>::Put {
 public:
  /// Makes the awaitable of queue.put(item).
  Put(BasicQueue& queue, T item) : queue_(queue), item_(std::move(item)) {}

  /// Makes the awaiter, which takes the item.
  PutAwaiter operator co_await() {
    return PutAwaiter(queue_, std::move(item_));
  }

 private:
  BasicQueue& queue_;
  QueueItem<T> item_;
};

template <class T, class Items>
class BasicQueue<T, Items>::PutAwaiter final
    : public RepeatedWaiter,
      public FrameAwaiter<typename BasicQueue<T, Items>::PutAwaiter> {
 public:
  PutAwaiter(BasicQueue& queue, QueueItem<T>&& item)
      : queue_(queue), item_(std::move(item)) {}

  bool await_ready() const { return is_ready(); }
  void suspend(Frame& frame) { start(frame, queue(), queue_.loop_); }
  void await_resume() {
    if (has_waited()) end_or_pass_on();
    queue_.add(std::move(item_));
  }

 private:
  WaitQueue& queue() const override { return queue_.putters_; }
  bool is_ready() const override { return queue_.can_put(); }

  BasicQueue& queue_;
  QueueItem<T> item_;
};

template <class T, class Items>
class BasicQueue<T, Items>::GetAwaiter final
    : public RepeatedWaiter,
      public FrameAwaiter<typename BasicQueue<T, Items>::GetAwaiter> {
 public:
  explicit GetAwaiter(BasicQueue& queue) : queue_(queue) {}

  bool await_ready() const { return is_ready(); }
  void suspend(Frame& frame) { start(frame, queue(), queue_.loop_); }
  T await_resume() {
    if (has_waited()) end_or_pass_on();
    return queue_.get_nowait();
  }

 private:
  WaitQueue& queue() const override { return queue_.getters_; }
  bool is_ready() const override { return queue_.can_get(); }

  BasicQueue& queue_;
};

}  // namespace loop

#endif  // LOOP_QUEUES_QUEUE_H_
