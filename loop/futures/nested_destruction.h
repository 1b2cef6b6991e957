// `NestedDestruction`: destroys long chains of objects that own one another
// without exhausting the stack.

#ifndef LOOP_FUTURES_NESTED_DESTRUCTION_H_
#define LOOP_FUTURES_NESTED_DESTRUCTION_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace loop {

/// Destroys an object that may own another of its kind, which may own a third,
/// and so on.
///
/// Destructors that call one another need stack for each link. Here the first
/// kMaxNesting links are destroyed that way. Objects to be destroyed within
/// those are kept until the destructors have returned, and are then destroyed
/// one by one. If there is no memory to keep an object, the object is destroyed
/// at once.
///
/// Python has the same mechanism for its containers (the "trashcan" of CPython,
/// Objects/object.c).
///
/// From any thread; each thread destroys the objects that it began to destroy.
class NestedDestruction {
 public:
  using Function = void (*)(void*);

  /// Calls destroy(object), which must not throw: at once or, deep within
  /// another call, before the outermost call returns.
  static void run(Function destroy, void* object) noexcept {
    if (nesting_ >= kMaxNesting) [[unlikely]]
      return run_later(destroy, object);
    ++nesting_;
    destroy(object);
    --nesting_;
  }

 private:
  using Waiting = std::vector<std::pair<Function, void*>>;

  static constexpr int kMaxNesting = 32;

  static void run_later(Function destroy, void* object) noexcept;

  static constinit thread_local int nesting_;
  static constinit thread_local Waiting* waiting_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_NESTED_DESTRUCTION_H_
