// `LoopReports`: the reports of one loop. Exceptions go to its exception
// handler; callbacks that are slow or never ran, to standard error.

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

/// The exception handler and the debug mode of a loop. A report that is
/// noexcept writes a line that says so if there is no memory for it.
class LoopReports {
 public:
  using ExceptionHandler =
      std::function<void(EventLoop&, const ExceptionContext&)>;

  explicit LoopReports(EventLoop& event_loop) : loop_(event_loop) {}
  LoopReports(const LoopReports&) = delete;
  LoopReports& operator=(const LoopReports&) = delete;

  bool is_debug() const { return debug_; }
  void set_debug(bool enabled) { debug_ = enabled; }

  std::chrono::nanoseconds slow_duration() const { return slow_duration_; }
  void set_slow_duration(std::chrono::nanoseconds duration) {
    slow_duration_ = duration;
  }

  const ExceptionHandler& exception_handler() const { return *handler_; }
  void set_exception_handler(ExceptionHandler handler);
  /// Ends the use of the handler; the default one is left.
  void destroy_handler() noexcept { handler_.reset(); }

  /// Passes the context to the exception handler. If that throws, both go to
  /// the default one.
  void exception(const ExceptionContext& context) noexcept;

  /// Writes one line to standard error.
  static void default_exception_handler(const ExceptionContext& context);

  /// Calls `call`, which calls `scheduled`, and reports what it throws: nothing
  /// that a callback throws comes further than here. In debug mode, reports
  /// that it was slow, unless it is a `Batch` of callbacks, each of which comes
  /// by here itself.
  template <class Batch, class Call>
  inline void guarded(const Scheduled& scheduled, Call call);

  /// A handler that the selector did not accept.
  void refused(const FdHandlers::Refused& refused);

  /// In debug mode: what was scheduled at `where` when the loop closed.
  void never_ran(const SourceLocation& where) const noexcept;

 private:
  TimePoint now() const;
  void failed(const SourceLocation& where) noexcept;
  void if_slow(TimePoint start, const SourceLocation& where) const noexcept;

  EventLoop& loop_;
  bool debug_ = false;
  std::chrono::nanoseconds slow_duration_ = std::chrono::milliseconds(100);
  // Shared with the call that is running, as it may be replaced there.
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
