#include "loop/coroutines/coroutine.h"

#include <new>
#include <string>

#include "loop/callbacks/log_line.h"
#include "selectors/errors.h"

namespace loop::coroutine_internal {

namespace {

void report_never_awaited(const Frame& frame) noexcept try {
  log_line("coroutine '" + std::string(frame.function()) + "' (" +
           frame.where().repr() + ") was never awaited");
} catch (const std::bad_alloc&) {
  log_no_memory();
}

}  // namespace

void destroy_never_awaited(OwnedFrame& frame) noexcept {
  report_never_awaited(*frame);
  frame.destroy_nested();
}

void throw_already_awaited() {
  throw selectors::RuntimeError("cannot reuse already awaited coroutine");
}

}  // namespace loop::coroutine_internal
