// What scheduling a callback returns: a way to take it back.

#ifndef LOOP_CALLBACKS_HANDLE_H_
#define LOOP_CALLBACKS_HANDLE_H_

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
    return __atomic_load_n(&cancelled_, __ATOMIC_RELAXED);
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
  // Atomic, except for copying. (macOS's library has no std::atomic_ref.)
  bool cancelled_ = false;
};

/// `TimerHandle`: the name of a callback that call_later() or call_at() has
/// scheduled. A small value, to be copied and forgotten at will: it owns
/// nothing and may outlive the callback and the loop. Used by the loop's thread
/// only.
///
/// ```
/// loop::TimerHandle idle = event_loop.call_later(60s, hang_up);
/// idle.reschedule(event_loop.time() + 60s);  // The peer has spoken.
/// idle.cancel();                             // The peer has left.
/// ```
///
/// Port of asyncio.TimerHandle (CPython 3.15, Lib/asyncio/events.py).
/// Differs from Python: it is not derived from Handle.
class TimerHandle {
 public:
  TimerHandle() = default;

  /// Cancels the callback: it does not run any more, and is destroyed now.
  /// Nothing happens if it has run, is running or was cancelled, or if the loop
  /// is closed. In debug mode, throws RuntimeError in a thread other than the
  /// loop's.
  void cancel();

  /// Returns whether cancel() has been called on this handle, or on the one
  /// that it was copied from before that.
  bool cancelled() const { return id_ == kCancelled; }

  /// Moves the callback to another time, earlier or later. This is cancel() and
  /// call_at() in one, but the callback is not destroyed, constructed or moved,
  /// and copies of the handle still name it; when() of the copies stays as it
  /// was. Among equal times the callback runs behind those that were scheduled
  /// before this call. A time that is past lets it run in the next iteration.
  ///
  /// Returns false, and does nothing, if the callback has run, is running or
  /// was cancelled, or if the loop is closed. Throws std::bad_alloc if there is
  /// no memory; then nothing has changed. In debug mode, throws RuntimeError in
  /// a thread other than the loop's. Beyond Python.
  bool reschedule(TimePoint when);

  /// The time at which the callback is due, also after it has run.
  TimePoint when() const { return when_; }

 private:
  friend class EventLoop;
  static constexpr timers::TimerId kCancelled{~std::uint64_t{0}};

  TimerHandle(const LoopReference& loop, timers::TimerId id, TimePoint when)
      : loop_(loop), id_(id), when_(when) {}

  LoopReference loop_;
  timers::TimerId id_{};
  TimePoint when_{};
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_HANDLE_H_
