// `LoopReports`: the part of EventLoop that reports errors. Exceptions go to
// the exception handler of the loop; reports about callbacks that are slow or
// never ran go to standard error.

#ifndef LOOP_CALLBACKS_LOOP_REPORTS_H_
#define LOOP_CALLBACKS_LOOP_REPORTS_H_

#include <chrono>
#include <functional>
#include <memory>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/fd_handlers.h"
#include "loop/callbacks/finally.h"
#include "loop/callbacks/loop_state.h"
#include "loop/callbacks/source_location.h"
#include "loop/callbacks/time_point.h"

namespace loop {

class EventLoop;

/// The exception handler and the debug reports of a loop. A base class of
/// EventLoop, to be used through that class only. If there is no memory for a
/// report, the functions that are noexcept write a line about that.
class LoopReports : public LoopState {
 public:
  /// A function that gets the errors of a loop; see call_exception_handler().
  using ExceptionHandler =
      std::function<void(EventLoop&, const ExceptionContext&)>;

  /// Sets the function that call_exception_handler() calls; an empty one stands
  /// for default_exception_handler(). Ignored while the loop is destroyed.
  void set_exception_handler(ExceptionHandler handler);
  /// Returns the function of set_exception_handler(); empty if none is set.
  /// The reference is valid until the next set_exception_handler().
  const ExceptionHandler& get_exception_handler() const;

  /// Calls the exception handler with `context`. If the handler throws, the
  /// default handler reports its exception and `context`.
  void call_exception_handler(const ExceptionContext& context) noexcept;

  /// Writes one line to standard error: the message, the location and the text
  /// of the exception, as far as `context` has them.
  static void default_exception_handler(const ExceptionContext& context);

  /// Calls default_exception_handler() with `message` and the exception that is
  /// being handled. For the layers above, in other threads than the loop's.
  /// When out of memory, writes a line about that.
  static void report_without_loop(const char* message) noexcept;

  /// Returns the shortest duration for which debug mode reports a callback; 100
  /// ms by default.
  std::chrono::nanoseconds slow_callback_duration() const {
    return slow_duration_;
  }
  /// Sets the shortest duration for which debug mode reports a callback.
  void set_slow_callback_duration(std::chrono::nanoseconds duration) {
    slow_duration_ = duration;
  }

 protected:
  using LoopState::LoopState;

  // Calls `call`, which runs the callback of `scheduled`, and reports its
  // exception: no exception of a callback propagates to the caller. In debug
  // mode, also reports a slow callback. A `Batch`, which passes each of its
  // callbacks to guarded(), is not measured.
  template <class Batch, class Call>
  inline void guarded(const Scheduled& scheduled, Call call);

  // Reports a handler that the selector refused to the exception handler.
  void report_refused(const FdHandlers::Refused& refused);

  // In debug mode, reports a callback that was scheduled at `where` and has
  // not run when the loop closes.
  void report_never_ran(const SourceLocation& where) const noexcept;

  // Destroys the exception handler. Later reports go to
  // default_exception_handler().
  void destroy_handler() noexcept { handler_.reset(); }

 private:
  // Returns the present time by the loop's clock.
  TimePoint now() const;
  // Reports the exception that is being handled, of the callback that was
  // scheduled at `where`.
  void report_failed(const SourceLocation& where) noexcept;
  // Reports a callback that has run since `start`, if it was slow.
  void report_if_slow(TimePoint start,
                      const SourceLocation& where) const noexcept;

  std::chrono::nanoseconds slow_duration_ = std::chrono::milliseconds(100);
  // Shared with the running call of the handler, in which the handler may be
  // replaced. nullptr after destroy_handler().
  std::shared_ptr<const ExceptionHandler> handler_ =
      std::make_shared<ExceptionHandler>();
};

template <class Batch, class Call>
inline void LoopReports::guarded(const Scheduled& scheduled, Call call) try {
  if (!get_debug() || scheduled.callback.holds<Batch>()) [[likely]]
    return call();
  const Finally measured([this, start = now(), where = scheduled.where] {
    report_if_slow(start, where);
  });
  call();
} catch (...) {
  report_failed(scheduled.where);
}

}  // namespace loop

#endif  // LOOP_CALLBACKS_LOOP_REPORTS_H_
