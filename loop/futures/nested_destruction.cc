#include "loop/futures/nested_destruction.h"

#include <new>
#include <utility>

namespace loop {

constinit thread_local int NestedDestruction::nesting_ = 0;
constinit thread_local NestedDestruction::Waiting* NestedDestruction::waiting_ =
    nullptr;

// The first call destroys all objects that the calls within it have kept.
void NestedDestruction::run_later(Function destroy, void* object) noexcept {
  if (waiting_ != nullptr) {
    try {
      return static_cast<void>(waiting_->emplace_back(destroy, object));
    } catch (const std::bad_alloc&) {
      return destroy(object);
    }
  }
  Waiting waiting;
  waiting_ = &waiting;
  destroy(object);
  while (!waiting.empty()) {
    const auto [destroy_next, next] = waiting.back();
    waiting.pop_back();
    destroy_next(next);
  }
  waiting_ = nullptr;
}

}  // namespace loop
