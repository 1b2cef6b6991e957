// `LoopReports`: the reports of one loop. Exceptions go to the exception
// handler of the loop; reports about callbacks that are slow or never ran go to
// standard error.

#ifndef LOOP_CALLBACKS_LOOP_REPORTS_H_
#define LOOP_CALLBACKS_LOOP_REPORTS_H_

#include <chrono>
#include <functional>
#include <memory>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/fd_handlers.h"
#include "loop/callbacks/finally.h"
#include "loop/callbacks/source_location.h"
#include "loop/callbacks/time_point.h"

namespace loop {

class EventLoop;

/// The exception handler and the debug mode of a loop. If there is no memory
/// for a report, the functions that are noexcept write a line about that.
class LoopReports {
 public:
  /// A function that gets the errors of a loop.
  using ExceptionHandler =
      std::function<void(EventLoop&, const ExceptionContext&)>;

  /// Makes the reports of `event_loop`, which must outlive them.
  explicit LoopReports(EventLoop& event_loop) : loop_(event_loop) {}
  LoopReports(const LoopReports&) = delete;
  LoopReports& operator=(const LoopReports&) = delete;

  /// Returns whether debug mode is on.
  bool is_debug() const { return debug_; }
  /// Turns debug mode on or off.
  void set_debug(bool enabled) { debug_ = enabled; }

  /// Returns the shortest duration for which debug mode reports a callback.
  std::chrono::nanoseconds slow_duration() const { return slow_duration_; }
  /// Sets the shortest duration for which debug mode reports a callback.
  void set_slow_duration(std::chrono::nanoseconds duration) {
    slow_duration_ = duration;
  }

  /// Returns the exception handler; empty if none is set. The reference is
  /// valid until the next set_exception_handler().
  const ExceptionHandler& exception_handler() const {
    static const ExceptionHandler none;
    return handler_ ? *handler_ : none;
  }
  /// Sets the exception handler; an empty one stands for
  /// default_exception_handler(). Ignored after destroy_handler().
  void set_exception_handler(ExceptionHandler handler);
  /// Destroys the exception handler. Later reports go to
  /// default_exception_handler().
  void destroy_handler() noexcept { handler_.reset(); }

  /// Passes `context` to the exception handler. If the handler throws, the
  /// default handler reports its exception and `context`.
  void exception(const ExceptionContext& context) noexcept;

  /// Writes one line to standard error: the message, the location and the text
  /// of the exception, as far as `context` has them.
  static void default_exception_handler(const ExceptionContext& context);

  /// Calls `call`, which runs the callback of `scheduled`, and reports its
  /// exception: no exception of a callback propagates to the caller. In debug
  /// mode, also reports a slow callback. A `Batch`, which passes each of its
  /// callbacks to guarded(), is not measured.
  template <class Batch, class Call>
  inline void guarded(const Scheduled& scheduled, Call call);

  /// Reports a handler that the selector refused to the exception handler.
  void refused(const FdHandlers::Refused& refused);

  /// In debug mode, reports a callback that was scheduled at `where` and has
  /// not run when the loop closes.
  void never_ran(const SourceLocation& where) const noexcept;

 private:
  // Returns the present time by the loop's clock.
  TimePoint now() const;
  // Reports the exception that is being handled, of the callback that was
  // scheduled at `where`.
  void failed(const SourceLocation& where) noexcept;
  // Reports a callback that has run since `start`, if it was slow.
  void if_slow(TimePoint start, const SourceLocation& where) const noexcept;

  EventLoop& loop_;
  bool debug_ = false;
  std::chrono::nanoseconds slow_duration_ = std::chrono::milliseconds(100);
  // Shared with the running call of the handler, in which the handler may be
  // replaced. nullptr after destroy_handler().
  std::shared_ptr<const ExceptionHandler> handler_ =
      std::make_shared<ExceptionHandler>();
};

template <class Batch, class Call>
inline void LoopReports::guarded(const Scheduled& scheduled, Call call) try {
  if (!debug_ || scheduled.callback.holds<Batch>()) [[likely]]
    return call();
  const Finally measured([this, start = now(), where = scheduled.where] {
    if_slow(start, where);
  });
  call();
} catch (...) {
  failed(scheduled.where);
}

}  // namespace loop

#endif  // LOOP_CALLBACKS_LOOP_REPORTS_H_
