// What scheduling a callback returns: a way to take it back.

#ifndef LOOP_CALLBACKS_HANDLE_H_
#define LOOP_CALLBACKS_HANDLE_H_

#include <atomic>
#include <cstdint>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/source_location.h"
#include "loop/callbacks/time_point.h"
#include "timers/timer_queue.h"

namespace loop {

class EventLoop;
class Mailbox;

// Names a loop without keeping it alive.
class LoopReference {
 public:
  LoopReference() = default;
  LoopReference(Mailbox& mailbox, std::uint64_t generation)
      : mailbox_(&mailbox), generation_(generation) {}

  // nullptr once the loop is closed. For the loop's thread.
  EventLoop* get() const;

  // As that of the loop, for those who do not know whether there still is one:
  // throws RuntimeError once it is closed. From any thread.
  void call_soon_threadsafe(
      Callback callback,
      SourceLocation where = SourceLocation::current()) const;

  std::uint64_t generation() const { return generation_; }

  // Do they name the same loop?
  friend bool operator==(const LoopReference&, const LoopReference&) = default;

 private:
  friend class Handle;
  Mailbox* mailbox_ = nullptr;
  std::uint64_t generation_ = 0;
};

/// A callback that call_soon() or call_soon_threadsafe() has scheduled. A small
/// value, to be copied or forgotten at will: it owns nothing, and may outlive
/// the callback and the loop. The handle that call_soon() returned is for the
/// loop's thread; that of call_soon_threadsafe() is for any thread.
/// Port of asyncio.Handle (CPython 3.15, Lib/asyncio/events.py).
class Handle {
 public:
  Handle() = default;

  /// Takes the callback back: it never runs. If it has run, is running or was
  /// cancelled, or if the loop is closed, nothing happens. In the loop's thread
  /// the callback is destroyed now. Another thread leaves that to the loop,
  /// which destroys it when its turn comes; a loop that has not run yet, to the
  /// thread that cancels.
  /// Differs from Python: does not wait for the end of a callback that is
  /// running in the loop's thread.
  void cancel();

  /// Returns whether cancel() has been called.
  /// Differs from Python: on this handle, or on the one that it was copied from
  /// before that.
  bool cancelled() const {
    return std::atomic_ref(cancelled_).load(std::memory_order_relaxed);
  }

 private:
  friend class EventLoop;
  enum class Kind : std::uint8_t { kSoon, kPosted };
  Handle(const LoopReference& loop, Kind kind, std::uint64_t number)
      : loop_(loop), number_(number), kind_(kind) {}
  void cancel_posted() const;

  LoopReference loop_;
  std::uint64_t number_ = 0;
  Kind kind_ = Kind::kSoon;
  mutable bool cancelled_ = false;  // Atomic, except for copying.
};

// The same for call_later() and call_at().
// Port of asyncio.TimerHandle (CPython 3.13, Lib/asyncio/events.py).
// Differs from Python: it is no Handle.
class TimerHandle {
 public:
  TimerHandle() = default;
  void cancel();
  bool cancelled() const { return cancelled_ != 0; }

  // When the callback is due, also after it ran.
  TimePoint when() const { return when_; }

 private:
  friend class EventLoop;
  TimerHandle(const LoopReference& loop, timers::TimerId id, TimePoint when)
      : loop_(loop), id_(id), when_(when) {}

  LoopReference loop_;
  timers::TimerId id_;
  TimePoint when_{};
  // 0 or 1. A bool would leave padding at the end, for the sake of which g++
  // copies a handle in pieces that overlap, and so has to wait until what was
  // just written is there to be read: 4 of the 17 ns that call_at() takes.
  std::uint64_t cancelled_ = 0;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_HANDLE_H_
