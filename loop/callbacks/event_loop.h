// The event loop: waits until there is something to do, and does it.

#ifndef LOOP_CALLBACKS_EVENT_LOOP_H_
#define LOOP_CALLBACKS_EVENT_LOOP_H_

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/fd_handlers.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/handler_pool.h"
#include "loop/callbacks/interval.h"
#include "loop/callbacks/loop_extension.h"
#include "loop/callbacks/mailbox.h"
#include "loop/callbacks/ready_queue.h"
#include "loop/callbacks/signal_handlers.h"
#include "loop/callbacks/source_location.h"
#include "loop/callbacks/time_point.h"
#include "selectors/base_selector.h"
#include "selectors/file_obj.h"
#include "selectors/forks.h"
#include "selectors/wait_limit.h"
#include "timers/timer_heap.h"

namespace loop {

// Runs callbacks, one at a time, in one thread: when their turn comes, when a
// time has come, when a descriptor is ready, when a signal arrives, when
// another thread wants it.
//
// A callback runs to its end; until then the others wait. It may call all of
// the functions below, and remove, cancel, close and destroy what it likes, its
// own handler and closure included; but not close(), run_forever() or
// run_once() of the loop that runs it (RuntimeError), and it must not destroy
// that loop. An exception that leaves it goes to the exception handler, and the
// loop goes on.
//
// Used by one thread, the one that runs it; only what says "from any thread"
// may be called from others. set_debug(true) has it checked.
//
// What cannot be scheduled for want of memory throws std::bad_alloc, and
// nothing has changed. (Nor has call_soon() moved from the callback then.)
// After close() the functions that schedule throw RuntimeError.
//
// Port of asyncio's BaseEventLoop and BaseSelectorEventLoop (CPython 3.15,
// Lib/asyncio/base_events.py and selector_events.py).
class EventLoop {
 public:
  using Clock = std::function<TimePoint()>;
  using ExceptionHandler =
      std::function<void(EventLoop&, const ExceptionContext&)>;

  // nullptr: a DefaultSelector, and std::chrono::steady_clock, which nobody can
  // set back. A test can bring a clock of its own; it must not go back either.
  // Throws OSError if there is no descriptor left.
  explicit EventLoop(std::unique_ptr<selectors::BaseSelector> selector = {},
                     Clock clock = {});
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();  // close()s. Ends the program if the loop is running.

  // ---- Running ----

  // Runs until stop(). Throws RuntimeError if it is closed, or if a loop is
  // running in this thread, and what leaves the selector's select(): then
  // nothing is lost, and it can be run again.
  void run_forever();

  // Runs one iteration, of which loop/README.md tells the steps: sleeps until
  // there is something to do, but for `at_most` if that is given; 0 does not
  // sleep, nor does one after stop(). Throws as run_forever().
  // Differs from Python: there it is private, and sleeps as long as it likes.
  void run_once(const selectors::WaitLimit& at_most = {});

  // run_forever() returns after the iteration that is running, or, if none is,
  // after the next, which does not sleep.
  void stop() { stopping_ = true; }

  // Destroys all that is scheduled or registered, without running it, restores
  // the dispositions of signals, and closes the selector. Closing twice is
  // fine. Throws RuntimeError if it is running.
  void close();

  bool is_running() const;  // From any thread.
  bool is_closed() const { return closed_; }

  // ---- As the guest of another loop ----

  /// The descriptor by which another loop (GLib's, Qt's, libuv's, poll(2))
  /// waits for this one. It is readable when run_once(0s) has something to do:
  /// a descriptor is ready, a thread has posted, a signal has come, something
  /// was scheduled or registered between two iterations. It does not tell of
  /// timers; prepare() does. From the first call on, changes between iterations
  /// cost a system call. See "In another loop" in loop/README.md.
  /// Throws ValueError where the selector has none (select, poll), OSError if
  /// there is no descriptor left, RuntimeError if the loop is closed.
  /// Beyond Python. Port of uv_backend_fd() (libuv).
  int fileno();

  /// Makes the loop ready for the other one to block: tells the selector of all
  /// changes. Returns how long the other loop may block if fileno() does not
  /// become readable: 0 if something is queued or due, else the time until the
  /// next timer, nullopt if there is none. Between two iterations; throws
  /// RuntimeError if the loop is running or closed, and std::bad_alloc.
  /// Beyond Python. Port of uv_backend_timeout() (libuv).
  selectors::WaitLimit prepare();

  /// In the child of a fork(): has the child go on with this loop, which gets a
  /// kernel object and a wake-up channel of its own. A loop that was running is
  /// running again, and the task that forked is the current one; what other
  /// threads were doing for the loop (run_in_executor()) fails with
  /// RuntimeError, as those threads do not exist in the child.
  /// Until then the loop is the parent's: it does not run in the child, and to
  /// run it throws RuntimeError; it can be closed and destroyed, which changes
  /// nothing for the parent. A loop that is made in the child needs nothing.
  /// Throws RuntimeError if another loop is running in this thread, OSError if
  /// there is no descriptor left; then it can be called again.
  /// Beyond Python.
  void after_fork_in_child();

  // Names this loop for those who may outlive it. From any thread.
  LoopReference reference() const { return self_; }

  // What a layer above keeps beside this loop: the one object of this type,
  // made with Extension(*this) when it is first asked for. The loop destroys it
  // when it closes, before anything else; the last one first. Throws
  // RuntimeError if the loop is closed. Beyond Python.
  template <std::derived_from<LoopExtension> Extension>
  Extension& extension() {
    if (Extension* const found = extensions_.find<Extension>()) return *found;
    if (closed_) throw_unusable("extension");
    return extensions_.add(std::make_unique<Extension>(*this));
  }

  // ---- Scheduling ----

  // Runs `callback` in the next iteration, after what was scheduled before.
  // Inlined, so that a handle which nobody takes costs nothing; what is rare is
  // left to a function, so that nothing is saved for its sake.
  template <std::convertible_to<Callback> F>
  [[gnu::always_inline]] Handle call_soon(
      F&& callback, const SourceLocation& where = SourceLocation::current()) {
    if (needs_checks_ || mailbox_->has_mail() || ready_.is_full()) [[unlikely]]
      return call_soon_slowly<PassedAs<F>>(std::forward<F>(callback), where);
    return Handle(self_, Handle::Kind::kSoon,
                  ready_.push(std::forward<F>(callback), where));
  }

  /// Runs `callback` in the next iteration, after what was scheduled before, as
  /// call_soon() does. From any thread, also while the loop closes; the caller
  /// must know that the loop has not been destroyed. The handle is for any
  /// thread, too. Throws RuntimeError once the loop is closed, and what making
  /// the callback throws. A closure that cannot be copied as bytes is
  /// allocated.
  template <std::convertible_to<Callback> F>
  Handle call_soon_threadsafe(
      F&& callback, SourceLocation where = SourceLocation::current()) {
    // The loop may be gone when post() returns: what was posted may have ended
    // it.
    const LoopReference self = self_;
    const auto number =
        mailbox_->post(self.generation(), std::forward<F>(callback), where);
    return Handle(self, Handle::Kind::kPosted, number);
  }

  // Runs `callback` when at least `delay` has passed from now; 0 and less: in
  // the next iteration. As to order, see call_at(). Throws ValueError for NaN.
  template <class Rep, class Period, std::convertible_to<Callback> F>
  TimerHandle call_later(std::chrono::duration<Rep, Period> delay, F&& callback,
                         SourceLocation where = SourceLocation::current()) {
    return call_at(later(time(), selectors::to_nanoseconds(delay)),
                   std::forward<F>(callback), where);
  }

  // Runs `callback` at `when` by the loop's clock, never before. Those of one
  // iteration run in the order of their times, and of scheduling where these
  // are equal.
  // Differs from Python: there it may be early, by the clock's resolution, and
  // equal times run in any order.
  template <std::convertible_to<Callback> F>
  TimerHandle call_at(TimePoint when, F&& callback,
                      SourceLocation where = SourceLocation::current()) {
    check_usable("call_at");
    const auto id = timers_.schedule(when.time_since_epoch(),
                                     std::forward<F>(callback), where);
    return TimerHandle(self_, id, when);
  }

  // Runs `callback` every `period`, the first time after one period. The times
  // do not drift: each is due a whole number of periods from now, however long
  // the callback takes. What becomes of those that are missed, because
  // something took longer than a period, `missed` says.
  // Throws ValueError unless `period` is positive. Beyond Python.
  template <class Rep, class Period>
  IntervalHandle call_every(std::chrono::duration<Rep, Period> period,
                            Callback callback,
                            MissedTicks missed = MissedTicks::kSkip,
                            SourceLocation where = SourceLocation::current()) {
    return start_interval(*this, selectors::to_nanoseconds(period),
                          std::move(callback), missed, where);
  }

  // The present time by the loop's clock.
  TimePoint time() const {
    return clock_ ? clock_() : std::chrono::steady_clock::now();
  }

  // ---- Descriptors ----

  /// Runs `callback` in each iteration in which `fileobj` can be read (or is at
  /// its end, or broken) without blocking. It replaces a reader that is there;
  /// from then on the number is watched for what it means now, whatever it
  /// meant before. Regular files, directories and /dev/null are always ready.
  ///
  /// Throws ValueError for an object without a descriptor. While the loop runs,
  /// in a callback or a task, throws OSError (EBADF) for a number that is not
  /// open. In both cases nothing has changed. The kernel is asked when a number
  /// gets its first handler and when a handler is replaced, but not if the
  /// number lost one in this iteration or the one before, so that removing a
  /// reader and adding another costs no system call. Every other refusal is
  /// found when the next iteration begins: the handler is removed, and the
  /// exception handler gets the OSError and `where`. Remove the handlers of a
  /// descriptor before you close it. Differs from Python: there, the kernel is
  /// told at once and each refusal is thrown, and epoll refuses regular files.
  template <std::convertible_to<Callback> F>
  void add_reader(const selectors::FileObj& fileobj, F&& callback,
                  SourceLocation where = SourceLocation::current()) {
    check_usable("add_reader");
    fds_.add(fileobj, FdHandlers::kReader, std::forward<F>(callback), where);
  }
  /// Runs `callback` in each iteration in which `fileobj` can be written to (or
  /// is broken) without blocking; else as add_reader().
  template <std::convertible_to<Callback> F>
  void add_writer(const selectors::FileObj& fileobj, F&& callback,
                  SourceLocation where = SourceLocation::current()) {
    check_usable("add_writer");
    fds_.add(fileobj, FdHandlers::kWriter, std::forward<F>(callback), where);
  }

  /// Removes the handler; it does not run any more, even if it is ready.
  /// Returns false if there was none, and for what has no descriptor (-1, an
  /// object that was closed and has no handler), so that a destructor may call
  /// it. Differs from Python: there, what has no descriptor raises ValueError.
  bool remove_reader(const selectors::FileObj& fileobj) {
    return remove_handler(fileobj, FdHandlers::kReader);
  }
  bool remove_writer(const selectors::FileObj& fileobj) {
    return remove_handler(fileobj, FdHandlers::kWriter);
  }

  // ---- Signals ----

  // Runs `callback` once for each time the signal arrives, after the handlers
  // of descriptors that are ready then. It replaces a handler that is there.
  // Throws ValueError for what is no signal, RuntimeError for one that cannot
  // be caught.
  // Differs from Python: any thread's loop may, and several may ask for one
  // signal.
  void add_signal_handler(int signal_number, Callback callback,
                          SourceLocation where = SourceLocation::current());

  // Restores what the signal did before, if no other loop wants it. Returns
  // false if there was no handler. Throws ValueError for what is no signal.
  // Differs from Python: there it does what it does by default.
  bool remove_signal_handler(int signal_number);

  // ---- Errors ----

  // What call_exception_handler() calls; empty: default_exception_handler().
  void set_exception_handler(ExceptionHandler handler);
  const ExceptionHandler& get_exception_handler() const {
    return *exception_handler_;
  }

  // Tells the exception handler. If that throws, both are told to the default.
  void call_exception_handler(const ExceptionContext& context) noexcept;

  // Writes one line to standard error.
  static void default_exception_handler(const ExceptionContext& context);

  // ---- Debugging ----

  // Debug mode (the last of these is not in Python)
  //   - has what is called from a wrong thread while the loop runs throw
  //     RuntimeError,
  //   - reports callbacks that took slow_callback_duration() or longer,
  //   - reports at close() what was still scheduled or registered,
  // the last two in lines on standard error that name where it was scheduled.
  void set_debug(bool enabled) {
    debug_ = enabled;
    needs_checks_ = debug_ || closed_ || rests_;
  }
  bool get_debug() const { return debug_; }

  // In debug mode, for the layers above: throws RuntimeError if the loop is
  // running in another thread than this.
  void check_thread(const char* function) const {
    if (debug_) [[unlikely]]
      check_thread_now(function);
  }

  // 100 ms until it is set.
  std::chrono::nanoseconds slow_callback_duration() const {
    return slow_callback_duration_;
  }
  void set_slow_callback_duration(std::chrono::nanoseconds duration) {
    slow_callback_duration_ = duration;
  }

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
  struct RunPosts;
  inline void run(Scheduled& scheduled);
  void run_handler(Handler& handler);
  template <class Call>
  inline void guarded(const Scheduled& scheduled, Call call);
  void report_exception(const SourceLocation& where) noexcept;
  void report_if_slow(TimePoint start, const SourceLocation& where) noexcept;
  void report(const FdHandlers::Refused& refused);

  void check_home() const;
  void watch_mailbox();
  void drain_channel(std::span<const selectors::ReadyKey> ready_fds) const;
  void close_it() noexcept;
  void destroy_all();
  void report_never_ran(const SourceLocation& where) const noexcept;

  // How call_soon() hands a callback on: by reference, so that who gets an
  // exception still has it; but by value what can be copied as bytes, as to
  // have an address it would be written to memory before each call.
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
  bool runs_here() const {
    return thread_.load() == std::this_thread::get_id();
  }
  void take_posts();
  void cancel_soon(ReadyQueue::Position position);
  bool remove_handler(const selectors::FileObj& fileobj,
                      FdHandlers::Side side) {
    check_thread("remove_reader or remove_writer");
    return fds_.remove(fileobj, side);
  }

  void check_usable(const char* function) const {
    if (needs_checks_) [[unlikely]]
      throw_unusable(function);
  }
  // Throws if it is. If it rests, what the caller is about to do is for the
  // host to know.
  void throw_unusable(const char* function) const;
  void check_thread_now(const char* function) const;
  const std::unique_ptr<selectors::BaseSelector> selector_;
  const Clock clock_;  // Empty: std::chrono::steady_clock.
  ReadyQueue ready_;
  timers::TimerHeap<Scheduled> timers_;
  HandlerPool pool_;
  FdHandlers fds_;
  Mailbox* const mailbox_;
  const LoopReference self_;
  SignalHandlers signals_;

  bool drains_channel_ = false;
  std::atomic<std::thread::id> thread_{};  // In which it runs, if it does.
  selectors::HomeProcess process_;
  bool stopping_ = false;
  bool closed_ = false;
  bool debug_ = false;
  bool is_guest_ = false;  // Was fileno() called?
  bool rests_ = false;     // Is it a guest between two iterations?
  bool needs_checks_ =
      false;  // Closed, debug or rests: calls ask one question.
  std::chrono::nanoseconds slow_callback_duration_ =
      std::chrono::milliseconds(100);
  // Shared with the call that is running, as it may be replaced there.
  std::shared_ptr<const ExceptionHandler> exception_handler_ =
      std::make_shared<ExceptionHandler>();
  LoopExtensions extensions_;
};

/// The loop that is running in this thread. Throws RuntimeError if none is; in
/// the child of a fork() none is until it runs one or has called
/// after_fork_in_child().
// Port of asyncio.get_running_loop (CPython 3.15, Lib/asyncio/events.py).
EventLoop& get_running_loop();

}  // namespace loop

#endif  // LOOP_CALLBACKS_EVENT_LOOP_H_
