// `ExceptionContext`: the argument of exception handlers.

#ifndef LOOP_CALLBACKS_EXCEPTION_CONTEXT_H_
#define LOOP_CALLBACKS_EXCEPTION_CONTEXT_H_

#include <exception>
#include <string>

#include "loop/callbacks/source_location.h"

namespace loop {

/// The description of an error that EventLoop::call_exception_handler()
/// reports.
///
/// ```cpp
/// event_loop.set_exception_handler(
///     [](loop::EventLoop&, const loop::ExceptionContext& context) {
///       std::cerr << context.where.repr() << ": " << context.message << "\n";
///     });
/// ```
///
/// Port of the `context` of asyncio's exception handlers (CPython 3.15,
/// asyncio.loop.call_exception_handler).
struct ExceptionContext {
  /// A description of the error.
  std::string message;
  /// The exception; nullptr if there is none.
  std::exception_ptr exception = nullptr;
  /// The source location, usually that of scheduling the callback.
  SourceLocation where = {};
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_EXCEPTION_CONTEXT_H_
