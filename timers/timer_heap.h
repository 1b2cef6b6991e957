// A heap, as asyncio keeps its timers in.

#ifndef TIMERS_TIMER_HEAP_H_
#define TIMERS_TIMER_HEAP_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "timers/due_batch.h"
#include "timers/entry_heap.h"
#include "timers/timer_queue.h"
#include "timers/timer_records.h"

namespace timers {

// A TimerQueue. schedule() takes constant time on average and logarithmic time
// at worst; to fire takes logarithmic time. cancel() takes constant time: as in
// asyncio, what is cancelled stays in the heap until it comes to the top, or
// until there is too much of it. Only schedule() needs memory.
//
// After asyncio.BaseEventLoop._scheduled (CPython 3.13,
// Lib/asyncio/base_events.py).
// Differs from Python: equal deadlines fire in the order of scheduling; the
// value of a cancelled timer is destroyed at once; next_deadline() is never the
// deadline of one.
template <class Value>
class TimerHeap {
 public:
  TimerHeap() = default;
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;
  ~TimerHeap() { cancel_all(*this, records_); }

  template <class... Args>
  TimerId schedule(std::chrono::nanoseconds deadline, Args&&... args) {
    make_room();
    const TimerId id = records_.add(std::forward<Args>(args)...);
    heap_.push({deadline.count(), records_.index_of(id)});
    return id;
  }

  bool cancel(TimerId id) {
    if (!records_.contains(id)) return false;
    [[maybe_unused]] const auto dying = records_.cancel(id);
    if (records_.has_many_cancelled()) [[unlikely]]
      drop_cancelled();
    return true;
  }

  std::optional<std::chrono::nanoseconds> next_deadline() {
    while (!heap_.empty() && !records_.is_pending(heap_.top().index)) {
      drop_top();
    }
    return due_.earliest(heap_.empty() ? nullptr : &heap_.top(), records_);
  }

  void collect_due(std::chrono::nanoseconds now) {
    if (!due_.empty()) [[unlikely]]
      put_back_due();
    due_.clear();
    while (!heap_.empty() && heap_.top().deadline <= now.count()) {
      due_.push(heap_.top());
      heap_.pop(records_);
    }
    if (records_.has_long_had_surplus()) [[unlikely]]
      give_back_surplus();
  }

  template <class F>
  std::size_t fire_due(F&& f) {
    return due_.fire(records_, f);
  }

  template <class F>
  std::size_t pop_due(std::chrono::nanoseconds now, F&& f) {
    collect_due(now);
    return fire_due(f);
  }

  std::size_t size() const { return records_.size(); }
  bool empty() const { return size() == 0; }

 private:
  // Each record has at most one entry, wherever that is.
  void make_room() {
    records_.make_room([this](std::size_t records) {
      heap_.reserve(records);
      due_.reserve(records);
    });
  }

  // The functions that are rarely called are not inlined, so that nothing is
  // saved for their sake.

  // It has been cancelled.
  [[gnu::noinline]] void drop_top() {
    records_.release(heap_.top().index);
    heap_.pop(records_);
  }

  // What was collected and has not fired yet.
  [[gnu::noinline]] void put_back_due() {
    for (const Entry& entry : due_.rest()) heap_.append(entry);
    heap_.order(records_);
  }

  [[gnu::noinline]] void drop_cancelled() {
    const auto drop = records_.dropper();
    due_.erase_if(drop);
    heap_.erase_if(drop);
    heap_.order(records_);
  }

  [[gnu::noinline]] void give_back_surplus() {
    drop_cancelled();
    records_.trim();
    due_.give_back_surplus(records_.capacity());
    heap_.give_back_surplus(records_.capacity());
  }

  TimerRecords<Value> records_;
  EntryHeap heap_;
  DueBatch due_;
};

}  // namespace timers

#endif  // TIMERS_TIMER_HEAP_H_
