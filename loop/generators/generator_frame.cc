#include "loop/generators/generator_frame.h"

#include <utility>

#include "loop/futures/nested_destruction.h"
#include "loop/generators/generator_exit.h"
#include "selectors/errors.h"

namespace loop {
namespace {

bool is_generator_exit(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const GeneratorExit&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

void GeneratorFrame::throw_running() {
  throw selectors::ValueError("generator already executing");
}

void GeneratorFrame::rethrow_thrown() {
  std::rethrow_exception(std::exchange(root_->thrown_, nullptr));
}

bool GeneratorFrame::throw_in(std::exception_ptr exception) {
  check_not_running();
  if (innermost_ == nullptr) std::rethrow_exception(std::move(exception));
  if (innermost_ != this && is_generator_exit(exception)) {
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

// Closes all frames within this one, each as if it were held by somebody who
// closes it, so that it has no say in what happens to its delegator: that is
// thrown a GeneratorExit in its turn, or what close() threw. Sets `exception`
// to what is for this one.
void GeneratorFrame::close_inner_frames(std::exception_ptr& exception) {
  const std::exception_ptr exit = exception;
  running_ = true;  // Although only parts of it do.
  while (innermost_ != this) {
    try {
      detach_innermost().close_with(std::exchange(exception, exit));
    } catch (...) {
      exception = std::current_exception();
    }
  }
  running_ = false;
}

// Makes the innermost a root of its own. Its delegator's variable still owns
// it, and is the innermost from now on.
GeneratorFrame& GeneratorFrame::detach_innermost() noexcept {
  GeneratorFrame& inner = *innermost_;
  set_innermost(std::exchange(inner.delegator_, nullptr));
  inner.set_innermost(&inner);
  return inner;
}

bool GeneratorFrame::delegate_to(GeneratorFrame*& inner) noexcept {
  if (inner->innermost_ == nullptr) return false;
  // Once a root, it may have begun, and have a chain of its own.
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
    // So that who owns it, the next one to go, does not destroy it again.
    if (frame->owner_ != nullptr) *frame->owner_ = nullptr;
    frame->handle_.destroy();
    frame = delegator;
  }
}

}  // namespace loop
