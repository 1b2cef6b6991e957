// Handing things over from task to task.

#ifndef LOOP_COROUTINES_QUEUE_H_
#define LOOP_COROUTINES_QUEUE_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <utility>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/operation.h"
#include "loop/coroutines/queue_core.h"
#include "loop/coroutines/queue_items.h"
#include "loop/coroutines/ring_buffer.h"
#include "loop/coroutines/wait_queue.h"

namespace loop {

// Items that some tasks put in and others get out: see Queue, PriorityQueue and
// LifoQueue, which differ in what comes out first. T has to be moved only.
//
// Who gets from an empty one waits, and who puts into a full one; they are
// woken in the order in which they began to wait. (Who asks before one that was
// woken has had its turn may take what that was woken for; then it waits
// again.) To put and to get without waiting does not suspend the task.
//
// For tasks of one loop, and its thread. It belongs to the loop of the first
// task that has to wait: those of another loop get a RuntimeError. Who waits
// when it is destroyed gets a RuntimeError, too.
//
// Port of asyncio.Queue (CPython 3.13, Lib/asyncio/queues.py).
template <class T, class Items>
class BasicQueue : public QueueCore {
 public:
  class Put;
  class PutAwaiter;
  class GetAwaiter;
  using Get = Operation<BasicQueue, GetAwaiter>;

  // For at most `maxsize` items; 0: for any number.
  explicit BasicQueue(std::size_t maxsize = 0) : QueueCore(maxsize) {}

  std::size_t qsize() const { return items_.size(); }
  bool empty() const { return qsize() == 0; }
  bool full() const { return maxsize() > 0 && qsize() >= maxsize(); }

  // `co_await queue.put(item)` waits until there is room, and puts it in.
  // Throws QueueShutDown.
  Put put(T item) { return Put(*this, std::move(item)); }

  // `co_await queue.get()` waits until there is an item, and returns the next.
  // Throws QueueShutDown if there is none and there will be none any more.
  Get get() { return Get(*this); }

  // The same without waiting: throws QueueFull; QueueEmpty.
  void put_nowait(T item) {
    if (is_shut_down()) throw QueueShutDown();
    if (full()) throw QueueFull();
    items_.make_room();
    before_put();
    items_.push(std::move(item));
    after_put();
  }
  T get_nowait() {
    if (empty()) throw_empty();
    before_get();
    return items_.pop();
  }

  // From now on nothing can be put: those who try, or wait for room, get a
  // QueueShutDown. What is in it can still be got; then the same happens to
  // those who get. `immediate`: all that is in it is dropped and counts as
  // dealt with.
  void shutdown(bool immediate = false) {
    shut_down();
    while (immediate && !empty()) drop();
  }

 private:
  [[noreturn]] void throw_empty() const {
    if (is_shut_down()) throw QueueShutDown();
    throw QueueEmpty();
  }
  void drop() {
    finish_one();
    [[maybe_unused]] const T dropped = items_.pop();
  }

  bool can_put() const { return !full() || is_shut_down(); }
  bool can_get() const { return !empty() || is_shut_down(); }

  Items items_;
};

// What comes first is got first.
template <class T>
using Queue = BasicQueue<T, RingBuffer<T>>;

// The least is got first, or that which `Compare` puts before the others.
template <class T, class Compare = std::less<T>>
using PriorityQueue = BasicQueue<T, PriorityItems<T, Compare>>;

// What comes last is got first.
template <class T>
using LifoQueue = BasicQueue<T, LifoItems<T>>;

// What put() returns, to be awaited.
template <class T, class Items>
class [[nodiscard]] BasicQueue<T, Items>::Put {
 public:
  Put(BasicQueue& queue, T item) : queue_(queue), item_(std::move(item)) {}

  PutAwaiter operator co_await() {
    return PutAwaiter(queue_, std::move(item_));
  }

 private:
  BasicQueue& queue_;
  T item_;
};

template <class T, class Items>
class BasicQueue<T, Items>::PutAwaiter final : public RepeatedWaiter {
 public:
  PutAwaiter(BasicQueue& queue, T&& item)
      : queue_(queue), item_(std::move(item)) {}

  bool await_ready() const { return is_ready(); }
  template <std::derived_from<Frame> Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    start(self.promise(), queue(), queue_.loop_);
  }
  void await_resume() {
    if (has_waited()) end_or_pass_on();
    queue_.put_nowait(std::move(item_));
  }

 private:
  WaitQueue& queue() const override { return queue_.putters_; }
  bool is_ready() const override { return queue_.can_put(); }

  BasicQueue& queue_;
  T item_;
};

template <class T, class Items>
class BasicQueue<T, Items>::GetAwaiter final : public RepeatedWaiter {
 public:
  explicit GetAwaiter(BasicQueue& queue) : queue_(queue) {}

  bool await_ready() const { return is_ready(); }
  template <std::derived_from<Frame> Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    start(self.promise(), queue(), queue_.loop_);
  }
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

#endif  // LOOP_COROUTINES_QUEUE_H_
