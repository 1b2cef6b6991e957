#include "loop/generators/async_generator.h"

#include "selectors/errors.h"

namespace loop::async_generator_internal {

void throw_already_running() {
  throw selectors::RuntimeError(
      "next(): asynchronous generator is already running");
}

}  // namespace loop::async_generator_internal
