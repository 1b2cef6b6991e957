#include "loop/callbacks/loop_reports.h"

#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/log_line.h"
#include "selectors/kernel/describe.h"

namespace loop {
namespace {

// The report for which no memory is needed.
void log_no_memory() {
  std::fputs("loop: no memory to report an exception\n", stderr);
}

}  // namespace

void LoopReports::set_exception_handler(ExceptionHandler handler) {
  if (!handler_) return;  // The loop is being destroyed.
  // The old handler is destroyed last, as its destructor may do anything.
  auto old = std::make_shared<const ExceptionHandler>(std::move(handler));
  handler_.swap(old);
}

void LoopReports::default_exception_handler(const ExceptionContext& context) {
  std::string text = context.message;
  if (context.where.line() != 0) {
    text += " (" + context.where.repr() + ")";
  }
  if (context.exception) text += ": " + exception_text(context.exception);
  log_line(text);
}

void LoopReports::exception(const ExceptionContext& context) noexcept try {
  const auto handler = handler_;  // The handler may replace itself.
  if (!handler || !*handler) return default_exception_handler(context);
  try {
    (*handler)(loop_, context);
  } catch (...) {
    default_exception_handler({"Unhandled error in exception handler",
                               std::current_exception(), context.where});
    default_exception_handler(context);
  }
} catch (const std::bad_alloc&) {
  log_no_memory();
}

TimePoint LoopReports::now() const { return loop_.time(); }

void LoopReports::failed(const SourceLocation& where) noexcept try {
  exception({"Exception in callback", std::current_exception(), where});
} catch (const std::bad_alloc&) {
  log_no_memory();
}

void LoopReports::refused(const FdHandlers::Refused& refused) {
  static constexpr const char* kNames[] = {"The reader", "The writer",
                                           "The priority reader"};
  exception({std::string(kNames[refused.side]) + " of fd " +
                 std::to_string(refused.fd) +
                 " was removed, as it cannot be watched",
             refused.error, refused.where});
}

void LoopReports::if_slow(TimePoint start,
                          const SourceLocation& where) const noexcept try {
  const auto elapsed = now() - start;
  if (elapsed < slow_duration_) return;
  std::string text = "Executing the callback scheduled at " + where.repr();
  text += " took ";
  selectors::append_duration(text, elapsed);
  log_line(text);
} catch (...) {
  log_no_memory();
}

void LoopReports::never_ran(const SourceLocation& where) const noexcept try {
  if (!debug_) return;
  log_line("closed, and will not run what was scheduled at " + where.repr());
} catch (const std::bad_alloc&) {
  log_no_memory();
}

}  // namespace loop
