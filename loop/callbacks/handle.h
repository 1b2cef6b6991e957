// `Handle` and `TimerHandle`: references to scheduled callbacks, to cancel
// them.

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

/// A reference to a loop that does not keep the loop alive.
///
/// ```cpp
/// const loop::LoopReference reference = event_loop.reference();
/// if (loop::EventLoop* const open = reference.get()) open->call_soon(work);
/// ```
///
/// A small value, which may be copied, and may outlive the loop. EventLoop's
/// reference() makes references.
class LoopReference {
 public:
  /// Makes a reference to no loop.
  LoopReference() = default;
  /// Makes a reference to the loop that has `mailbox` in this generation. See
  /// Mailbox::generation().
  LoopReference(Mailbox& mailbox, std::uint64_t generation)
      : mailbox_(&mailbox), generation_(generation) {}

  /// Returns the loop; nullptr once the loop is closed, and if there is none.
  /// For the loop's thread only.
  EventLoop* get() const;
  /// Returns the loop. Throws RuntimeError once the loop is closed, and if
  /// there is none. For the loop's thread only.
  EventLoop& get_open() const;

  /// Runs `callback` in the next iteration of the loop, like
  /// EventLoop::call_soon(). If the loop is closed or closing, destroys the
  /// callback and returns false. For the loop's thread only.
  template <class F>
  bool call_soon_if_open(F&& callback, const SourceLocation& where) const;

  /// Runs `callback` in the next iteration of the loop, like
  /// EventLoop::call_soon_threadsafe(), but the loop may have been destroyed.
  /// Throws RuntimeError once the loop is closed, and if there is none. From
  /// any thread.
  void call_soon_threadsafe(
      Callback callback,
      SourceLocation where = SourceLocation::current()) const;

  /// Returns the generation of the loop's mailbox; see Mailbox::generation().
  std::uint64_t generation() const { return generation_; }

  /// Returns whether two references name the same loop.
  friend bool operator==(const LoopReference&, const LoopReference&) = default;

 private:
  friend class Handle;
  Mailbox* mailbox_ = nullptr;
  std::uint64_t generation_ = 0;
};

/// A reference to a callback that call_soon() or call_soon_threadsafe() has
/// scheduled.
///
/// ```cpp
/// loop::Handle handle = event_loop.call_soon(work);
/// handle.cancel();  // `work` does not run.
/// ```
///
/// A small value, to be copied or dropped at will: a handle owns nothing, and
/// may outlive the callback and the loop.
///
/// Threads: a handle of call_soon() is for the loop's thread only, a handle of
/// call_soon_threadsafe() for any thread.
///
/// Port of asyncio.Handle (CPython 3.15, Lib/asyncio/events.py).
class Handle {
 public:
  /// Makes a handle of no callback.
  Handle() = default;

  /// Cancels the callback, which then never runs. Nothing happens if the
  /// callback has run, is running or was cancelled, or if the loop is closed.
  ///
  /// If the loop's thread cancels, the callback is destroyed now. If another
  /// thread does, the loop destroys the callback when its turn comes. But if
  /// the loop is not running, and has not taken the callback from its mailbox
  /// yet, that thread destroys the callback now. In debug mode, cancelling a
  /// callback of call_soon() throws RuntimeError in a thread other than the
  /// loop's. Differs from Python: does not wait for the end of a callback that
  /// is running in the loop's thread.
  void cancel();

  /// Returns whether cancel() has been called on this handle, or on the handle
  /// that it was copied from, before the copy.
  /// Differs from Python: there every reference to the handle sees the
  /// cancellation; here an earlier copy does not.
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

/// A reference to a callback that call_later() or call_at() has scheduled.
///
/// ```cpp
/// loop::TimerHandle idle = event_loop.call_later(60s, hang_up);
/// idle.reschedule(event_loop.time() + 60s);  // The peer has spoken.
/// idle.cancel();                             // The peer has left.
/// ```
///
/// A small value, to be copied or dropped at will: a handle owns nothing, and
/// may outlive the callback and the loop. Threads: the loop's thread only.
///
/// Port of asyncio.TimerHandle (CPython 3.15, Lib/asyncio/events.py).
/// Differs from Python: the class is not derived from Handle.
class TimerHandle {
 public:
  /// Makes a handle of no callback.
  TimerHandle() = default;

  /// Cancels the callback, which then never runs, and destroys it now. Nothing
  /// happens if the callback has run, is running or was cancelled, or if the
  /// loop is closed. In debug mode, throws RuntimeError in a thread other than
  /// the loop's.
  void cancel();

  /// Returns whether cancel() has been called on this handle, or on the handle
  /// that it was copied from, before the copy.
  bool cancelled() const { return id_ == kCancelled; }

  /// Moves the callback to another time, earlier or later.
  /// The effect is that of cancel() and call_at(), but the callback is not
  /// destroyed, constructed or moved. Copies of the handle still name the
  /// callback; their when() does not change. Among equal times the callback
  /// runs behind those that were scheduled before this call. A callback whose
  /// new time is past runs in the next iteration.
  ///
  /// Returns false, and does nothing, if the callback has run, is running or
  /// was cancelled, or if the loop is closed. Throws std::bad_alloc when out of
  /// memory; then nothing has changed. In debug mode, throws RuntimeError in
  /// a thread other than the loop's. Beyond Python.
  bool reschedule(TimePoint when);

  /// Returns the time at which the callback is due, also after it has run.
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
