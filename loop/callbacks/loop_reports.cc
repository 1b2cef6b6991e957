#include "loop/callbacks/loop_reports.h"

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/log_line.h"
#include "selectors/kernel/describe.h"

namespace loop {

void LoopReports::set_exception_handler(ExceptionHandler handler) {
  check_thread("set_exception_handler");
  if (!handler_) return;  // The loop is being destroyed.
  // The old handler is destroyed last, as its destructor may do anything.
  auto old = std::make_shared<const ExceptionHandler>(std::move(handler));
  handler_.swap(old);
}

const LoopReports::ExceptionHandler& LoopReports::get_exception_handler()
    const {
  static const ExceptionHandler none;
  return handler_ ? *handler_ : none;
}

void LoopReports::default_exception_handler(const ExceptionContext& context) {
  std::string text = context.message;
  if (context.where.line() != 0) {
    text += " (" + context.where.repr() + ")";
  }
  if (context.exception) text += ": " + exception_text(context.exception);
  log_line(text);
}

void LoopReports::call_exception_handler(
    const ExceptionContext& context) noexcept try {
  const auto handler = handler_;  // The handler may replace itself.
  if (!handler || !*handler) return default_exception_handler(context);
  try {
    (*handler)(static_cast<EventLoop&>(*this), context);
  } catch (...) {
    default_exception_handler({"Unhandled error in exception handler",
                               std::current_exception(), context.where});
    default_exception_handler(context);
  }
} catch (const std::bad_alloc&) {
  log_no_memory();
}

void LoopReports::report_without_loop(const char* message) noexcept try {
  default_exception_handler({message, std::current_exception()});
} catch (const std::bad_alloc&) {
  log_no_memory();
}

TimePoint LoopReports::now() const {
  return static_cast<const EventLoop&>(*this).time();
}

void LoopReports::report_failed(const SourceLocation& where) noexcept try {
  call_exception_handler(
      {"Exception in callback", std::current_exception(), where});
} catch (const std::bad_alloc&) {
  log_no_memory();
}

void LoopReports::report_refused(const FdHandlers::Refused& refused) {
  call_exception_handler(
      {std::string("The ") + FdHandlers::name_of(refused.side) + " of fd " +
           std::to_string(refused.fd) + " was removed, as it cannot be watched",
       refused.error, refused.where});
}

void LoopReports::report_if_slow(TimePoint start,
                                 const SourceLocation& where) const noexcept
    try {
  const auto elapsed = now() - start;
  if (elapsed < slow_duration_) return;
  std::string text = "Executing the callback scheduled at " + where.repr();
  text += " took ";
  selectors::append_duration(text, elapsed);
  log_line(text);
} catch (...) {
  log_no_memory();
}

void LoopReports::report_never_ran(const SourceLocation& where) const noexcept
    try {
  if (!get_debug()) return;
  log_line("closed, and will not run what was scheduled at " + where.repr());
} catch (const std::bad_alloc&) {
  log_no_memory();
}

}  // namespace loop
