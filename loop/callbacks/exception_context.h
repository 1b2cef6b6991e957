// What an exception handler is told.

#ifndef LOOP_CALLBACKS_EXCEPTION_CONTEXT_H_
#define LOOP_CALLBACKS_EXCEPTION_CONTEXT_H_

#include <exception>
#include <string>

#include "loop/callbacks/source_location.h"

namespace loop {

// Port of the `context` of asyncio's exception handlers (CPython 3.13,
// asyncio.loop.call_exception_handler).
struct ExceptionContext {
  std::string message;                     // What went wrong.
  std::exception_ptr exception = nullptr;  // nullptr if there was none.
  SourceLocation where = {};  // Where the callback was scheduled, or the like.
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_EXCEPTION_CONTEXT_H_
