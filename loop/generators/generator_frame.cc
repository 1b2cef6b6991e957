#include "loop/generators/generator_frame.h"

#include <utility>

#include "loop/futures/holds.h"
#include "loop/futures/nested_destruction.h"
#include "loop/generators/generator_exit.h"
#include "selectors/errors.h"

namespace loop {

void GeneratorFrame::throw_running() {
  throw selectors::ValueError("generator already executing");
}

void GeneratorFrame::rethrow_thrown() {
  std::rethrow_exception(std::exchange(root_->thrown_, nullptr));
}

bool GeneratorFrame::throw_in(std::exception_ptr exception) {
  check_not_running();
  if (innermost_ == nullptr) std::rethrow_exception(std::move(exception));
  if (innermost_ != this && holds<GeneratorExit>(exception)) {
    close_inner_frames(exception);
  }
  thrown_ = std::move(exception);
  return run(nullptr);
}

void GeneratorFrame::close() {
  check_not_running();
  if (innermost_ != nullptr) {
    close_with(std::make_exception_ptr(GeneratorExit()));
  }
}

void GeneratorFrame::close_with(std::exception_ptr exception) {
  try {
    if (!throw_in(std::move(exception))) return;
  } catch (const GeneratorExit&) {
    return;
  }
  throw selectors::RuntimeError("generator ignored GeneratorExit");
}

// Closes all frames within this one, the innermost first. Each is closed on its
// own, as if its holder called close(): its failure does not decide the fate of
// its delegator. That delegator is thrown the exception of the inner close(),
// or else a GeneratorExit. Sets `exception` to the one for this frame.
void GeneratorFrame::close_inner_frames(std::exception_ptr& exception) {
  const std::exception_ptr exit = exception;
  running_ = true;  // In fact only inner frames run.
  while (innermost_ != this) {
    try {
      detach_innermost().close_with(std::exchange(exception, exit));
    } catch (...) {
      exception = std::current_exception();
    }
  }
  running_ = false;
}

// Makes the innermost frame a root of its own. The variable of its delegator
// still owns it. The delegator is the innermost frame from now on.
GeneratorFrame& GeneratorFrame::detach_innermost() noexcept {
  GeneratorFrame& inner = *innermost_;
  set_innermost(std::exchange(inner.delegator_, nullptr));
  inner.set_innermost(&inner);
  return inner;
}

bool GeneratorFrame::delegate_to(GeneratorFrame*& inner) noexcept {
  if (inner->innermost_ == nullptr) return false;
  // `inner` was a root: it may have begun, and have a chain of its own.
  inner->delegator_ = this;
  inner->owner_ = &inner;
  root_->set_innermost(std::exchange(inner->innermost_, nullptr));
  return true;
}

void GeneratorFrame::destroy(GeneratorFrame* root) noexcept {
  NestedDestruction::run(
      [](void* frame) { destroy_chain(static_cast<GeneratorFrame*>(frame)); },
      root);
}

void GeneratorFrame::destroy_chain(GeneratorFrame* root) noexcept {
  GeneratorFrame* frame = root->innermost_ ? root->innermost_ : root;
  while (frame != nullptr) {
    GeneratorFrame* const delegator = frame->delegator_;
    // Clears the owner, which is in the next frame, so that it does not destroy
    // this frame again.
    if (frame->owner_ != nullptr) *frame->owner_ = nullptr;
    frame->handle_.destroy();
    frame = delegator;
  }
}

}  // namespace loop
