// `EventLoop`: runs callbacks in one thread. Port of asyncio's event loop.

#ifndef LOOP_CALLBACKS_EVENT_LOOP_H_
#define LOOP_CALLBACKS_EVENT_LOOP_H_

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/errors.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/handler_pool.h"
#include "loop/callbacks/interval.h"
#include "loop/callbacks/loop_descriptors.h"
#include "loop/callbacks/loop_extension.h"
#include "loop/callbacks/mailbox.h"
#include "loop/callbacks/ready_queue.h"
#include "loop/callbacks/signal_handlers.h"
#include "loop/callbacks/source_location.h"
#include "loop/callbacks/time_point.h"
#include "selectors/base_selector.h"
#include "selectors/selector_key.h"
#include "selectors/wait_limit.h"
#include "timers/timer_heap.h"

namespace loop {

/// A loop that runs callbacks, one at a time, in one thread: scheduled
/// callbacks, timers, handlers of ready descriptors and of arrived signals, and
/// callbacks that other threads post.
///
/// ```cpp
/// loop::EventLoop loop;
/// loop.add_reader(socket, [&] { receive(socket); });
/// loop.call_later(60s, [&] { loop.stop(); });
/// loop.run_forever();
/// ```
///
/// A callback runs to its end; until then the others wait. A callback may
/// remove, cancel, close and destroy anything except the loop that runs it; its
/// own handler and closure, too. A callback may call every function of the
/// loop, but close(), prepare(), run_forever() and run_once() of that loop
/// throw RuntimeError. An exception that leaves a callback goes to the
/// exception handler, and the loop continues.
///
/// Threads: one thread, the one that runs the loop; while it is not running,
/// one thread at a time. Only functions that say "from any thread" may be
/// called from others. set_debug(true) checks this while the loop runs.
///
/// Functions that schedule or register throw std::bad_alloc when out of memory;
/// then nothing has changed, and call_soon() has not moved from the callback.
/// After close() they throw RuntimeError.
///
/// The base classes are parts of the loop, each with a header of its own:
///   - LoopDescriptors: the handlers of descriptors, add_reader() and others,
///   - LoopReports: the exception handler, and slow callbacks,
///   - LoopState: is_running(), is_closed(), debug mode.
///
/// Port of asyncio's BaseEventLoop and BaseSelectorEventLoop (CPython 3.15,
/// Lib/asyncio/base_events.py and selector_events.py).
class EventLoop : public LoopDescriptors {
 public:
  /// A function that returns the present time. The time must never go back.
  using Clock = std::function<TimePoint()>;

  /// Makes a loop that waits with `selector` and measures time with `clock`.
  /// Without a selector the loop uses a DefaultSelector, and without a clock
  /// std::chrono::steady_clock, which cannot be set back. A test can pass a
  /// clock of its own. Throws OSError if no descriptor is left.
  explicit EventLoop(std::unique_ptr<selectors::BaseSelector> selector = {},
                     Clock clock = {});
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  /// Closes the loop as close() does. Aborts the program, with a line on
  /// standard error, if the loop is running.
  ~EventLoop();

  // ---- Running ----

  /// Runs iterations until stop() is called.
  /// Throws RuntimeError if the loop is closed or running, or if another loop
  /// is running in this thread. Also throws RuntimeError in the child of a
  /// fork() before after_fork_in_child(). Exceptions of the selector's select()
  /// and std::bad_alloc also propagate to the caller; then no callback is lost,
  /// and the loop can be run again.
  void run_forever();
  /// Throws the RuntimeError that run_forever() would throw now, if there is
  /// one. For functions that start something before they run the loop.
  void check_can_run() const;

  /// Runs one iteration, whose steps loop/README.md lists.
  /// Blocks until there is something to do, or for `at_most` if that is given.
  /// Does not block if `at_most` is 0 or less, or after stop(). Throws the
  /// exceptions that run_forever() throws.
  /// Differs from Python: there it is private, and has no time limit.
  void run_once(const selectors::WaitLimit& at_most = {});

  /// Makes run_forever() return after the present iteration.
  /// If no iteration is running, run_forever() returns after the next one,
  /// which does not block. For the loop's thread only; another thread posts the
  /// call with call_soon_threadsafe().
  void stop() { stopping_ = true; }

  /// Closes the loop: destroys all scheduled and registered callbacks without
  /// running them, restores the dispositions of signals, and closes the
  /// selector. Closing twice has no effect. Throws RuntimeError if the loop is
  /// running.
  void close();

  // ---- As the guest of another loop ----

  /// Returns the descriptor with which another loop (GLib's, Qt's, libuv's,
  /// poll(2)) waits for this one.
  /// The descriptor is readable when run_once(0s) has something to do: a
  /// descriptor is ready, a thread has posted, a signal has arrived, or a
  /// callback was scheduled or registered between two iterations. Timers do not
  /// make the descriptor readable; see prepare(). From the first call on,
  /// changes between iterations cost a system call. See "In another loop" in
  /// loop/README.md.
  /// Throws ValueError if the selector has no descriptor (select, poll), and
  /// OSError if no descriptor is left. Throws RuntimeError if the loop is
  /// closed, or in the child of a fork() before after_fork_in_child().
  ///
  /// Beyond Python. Port of uv_backend_fd() (libuv).
  int fileno();

  /// Prepares the loop for a wait of the host loop: passes all changes to the
  /// selector. Returns how long the host loop may block if fileno() does not
  /// become readable: 0 if something is queued or due, otherwise the time until
  /// the next timer, and nullopt if there is no timer.
  /// Must be called between two iterations: throws RuntimeError if the loop is
  /// running or closed, or in the child of a fork() before
  /// after_fork_in_child(). Throws std::bad_alloc.
  /// Beyond Python. Port of uv_backend_timeout() (libuv).
  selectors::WaitLimit prepare();

  /// Makes this loop usable in the child of a fork(), with a kernel object and
  /// a wake-up channel of its own.
  /// A loop that was running is running again, and the task that forked is the
  /// current one. Work of other threads for the loop (run_in_executor()) fails
  /// with RuntimeError, because those threads do not exist in the child.
  ///
  /// Before this call the loop is the parent's: running it in the child throws
  /// RuntimeError. The child may close and destroy the loop, which changes
  /// nothing for the parent. A callback that has closed the loop may return:
  /// run_forever() then throws RuntimeError in the next iteration. A loop that
  /// was made in the child needs no call.
  ///
  /// Throws RuntimeError if another loop is running in this thread, and OSError
  /// if no descriptor is left; after an OSError the call can be repeated.
  /// Beyond Python.
  void after_fork_in_child();

  /// Returns this loop's only object of type `Extension`, which a higher layer
  /// keeps with the loop. The first call makes it with Extension(*this).
  /// close() destroys the extensions before anything else, in reverse order.
  /// Throws RuntimeError if the loop is closed. Beyond Python.
  template <std::derived_from<LoopExtension> Extension>
  Extension& extension() {
    if (Extension* const found = extensions_.find<Extension>()) return *found;
    check_open();
    return extensions_.add(std::make_unique<Extension>(*this));
  }

  // ---- Scheduling ----

  /// Runs `callback` in the next iteration, after the callbacks that were
  /// scheduled before.
  /// Throws the exceptions of copying or moving the callback. `where` appears
  /// in reports about the callback.
  template <std::convertible_to<Callback> F>
  [[gnu::always_inline]] Handle call_soon(
      F&& callback, const SourceLocation& where = SourceLocation::current()) {
    // Inlined, so that an unused handle costs nothing. The rare cases are in a
    // function of their own, so that this one saves no registers.
    if (needs_checks_ || mailbox_->has_mail() || ready_.is_full()) [[unlikely]]
      return call_soon_slowly<PassedAs<F>>(std::forward<F>(callback), where);
    return Handle(self_, Handle::Kind::kSoon,
                  ready_.push(std::forward<F>(callback), where));
  }

  /// Runs `callback` in the next iteration, after the callbacks that were
  /// scheduled before, and wakes the loop if it is blocked. From any thread,
  /// also while the loop closes; the caller must know that the loop has not
  /// been destroyed.
  ///
  /// The handle may be used in any thread, too. A closure that cannot be copied
  /// as bytes needs an allocation. Throws RuntimeError once the loop is closed,
  /// and the exceptions of making the callback.
  template <std::convertible_to<Callback> F>
  Handle call_soon_threadsafe(
      F&& callback, SourceLocation where = SourceLocation::current()) {
    // The loop may be gone when post() returns: the callback may have ended it.
    const LoopReference self = self_;
    const auto number =
        mailbox_->post(self.generation(), std::forward<F>(callback), where);
    return Handle(self, Handle::Kind::kPosted, number);
  }

  /// Runs `callback` once, when at least `delay` has passed from now.
  /// A delay of 0 or less runs the callback in the next iteration. call_at()
  /// defines the order of timers. Throws ValueError if `delay` is NaN.
  template <class Rep, class Period, std::convertible_to<Callback> F>
  TimerHandle call_later(std::chrono::duration<Rep, Period> delay, F&& callback,
                         SourceLocation where = SourceLocation::current()) {
    return call_at(later(time(), selectors::to_nanoseconds(delay)),
                   std::forward<F>(callback), where);
  }

  /// Runs `callback` once, at `when` by the loop's clock or later, never
  /// before. Timers of one iteration run in the order of their times; timers of
  /// equal times run in the order of scheduling.
  /// Differs from Python: there a timer may be early by the clock's resolution,
  /// and timers of equal times run in any order.
  template <std::convertible_to<Callback> F>
  TimerHandle call_at(TimePoint when, F&& callback,
                      SourceLocation where = SourceLocation::current()) {
    check_usable("call_at");
    const auto id = timers_.schedule(when.time_since_epoch(),
                                     std::forward<F>(callback), where);
    return TimerHandle(self_, id, when);
  }

  /// Runs `callback` every `period`, the first time after one period.
  /// The ticks do not drift: each is due a whole number of periods from now,
  /// however long the callback takes (except under MissedTicks::kDelay).
  /// `missed` is the policy for ticks that are missed because the loop was
  /// busy. Throws ValueError unless `period` is positive. Beyond Python.
  template <class Rep, class Period>
  IntervalHandle call_every(std::chrono::duration<Rep, Period> period,
                            Callback callback,
                            MissedTicks missed = MissedTicks::kSkip,
                            SourceLocation where = SourceLocation::current()) {
    return start_interval(*this, selectors::to_nanoseconds(period),
                          std::move(callback), missed, where);
  }

  /// Returns the present time by the loop's clock.
  TimePoint time() const {
    return clock_ ? clock_() : std::chrono::steady_clock::now();
  }

  // ---- Signals ----

  /// Runs `callback` once for each arrival of the signal, after the handlers of
  /// the descriptors that are ready in the same iteration.
  /// Replaces a handler that exists already. Throws ValueError for a number
  /// that is no signal, and RuntimeError for a signal that cannot be caught.
  /// Differs from Python: the loop of any thread may add handlers, and several
  /// loops may handle one signal.
  void add_signal_handler(int signal_number, Callback callback,
                          SourceLocation where = SourceLocation::current());

  /// Removes the handler of a signal, and restores the earlier disposition if
  /// no other loop handles the signal.
  /// Returns false if there was no handler. Throws ValueError for a number that
  /// is no signal.
  /// Differs from Python: there the default disposition is set.
  bool remove_signal_handler(int signal_number);

 private:
  friend class Handle;
  friend class TimerHandle;
  class Running;

  inline void run_once(const Running&, const selectors::WaitLimit& at_most);
  void tell_selector();
  bool has_work() const {
    return !ready_.empty() || stopping_ || fds_.has_always_ready();
  }
  void rest() noexcept;
  void end_rest();
  inline std::span<const selectors::ReadyKey> poll_now();
  inline std::span<const selectors::ReadyKey> ask(
      const selectors::WaitLimit& timeout);
  std::span<const selectors::ReadyKey> wait_for_work(
      const selectors::WaitLimit& at_most, std::optional<TimePoint>& due_at);
  std::span<const selectors::ReadyKey> block(selectors::WaitLimit timeout);
  void run_fds(std::span<const selectors::ReadyKey> ready_fds);
  void run_signals();
  void run_timers();
  // The callback that runs a batch of posts of other threads. Its position in
  // the queue keeps their order with the callbacks of call_soon().
  struct RunPosts {
    void operator()() const;
    EventLoop* loop;
  };
  inline void run(Scheduled& scheduled);
  void run_handler(Handler& handler);

  void watch_mailbox();
  void drain_channel(std::span<const selectors::ReadyKey> ready_fds) const;
  void close_it() noexcept;
  void destroy_all();

  // The type by which call_soon() passes a callback on. A reference, so that a
  // caller that gets an exception still has the callback. Trivially copyable
  // callables are passed by value, so that they stay in registers.
  template <class F>
  using PassedAs =
      std::conditional_t<std::is_trivially_copyable_v<std::remove_cvref_t<F>>,
                         std::remove_cvref_t<F>, F&&>;
  template <class F>
  [[gnu::noinline]] Handle call_soon_slowly(F callback, SourceLocation where) {
    prepare_call_soon();
    return Handle(self_, Handle::Kind::kSoon,
                  ready_.push(std::forward<F>(callback), where));
  }
  void prepare_call_soon();
  void take_posts();

  const Clock clock_;  // Empty: std::chrono::steady_clock.
  ReadyQueue ready_;
  timers::TimerHeap<Scheduled> timers_;
  SignalHandlers signals_;

  bool drains_channel_ = false;
  bool stopping_ = false;
  bool is_guest_ = false;  // Whether fileno() was called.
  LoopExtensions extensions_;
};

/// Returns the loop that is running in this thread. Throws RuntimeError if none
/// is. In the child of a fork() no loop is running until the child runs one or
/// calls after_fork_in_child().
/// Port of asyncio.get_running_loop (CPython 3.15, Lib/asyncio/events.py).
EventLoop& get_running_loop();

template <class F>
bool LoopReference::call_soon_if_open(F&& callback,
                                      const SourceLocation& where) const {
  EventLoop* const event_loop = get();
  if (event_loop == nullptr || event_loop->is_closed()) return false;
  event_loop->call_soon(std::forward<F>(callback), where);
  return true;
}

}  // namespace loop

#endif  // LOOP_CALLBACKS_EVENT_LOOP_H_
