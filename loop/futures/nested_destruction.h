// Destroying a long chain of objects that own one another.

#ifndef LOOP_FUTURES_NESTED_DESTRUCTION_H_
#define LOOP_FUTURES_NESTED_DESTRUCTION_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace loop {

/// Destroys an object that may own another of its kind, which may own a third,
/// and so on. Destructors that call one another need stack for each link. Here
/// the first kMaxNesting links do so; what is to be destroyed within those is
/// kept until they have returned, and is then destroyed one by one. If there is
/// no memory to keep it, it is destroyed at once.
///
/// Python has the same mechanism for its containers (the "trashcan" of CPython,
/// Objects/object.c).
///
/// Any thread; what a thread has begun to destroy, it destroys.
class NestedDestruction {
 public:
  using Function = void (*)(void*);

  /// Calls destroy(object), which must not throw; at once or, deep within
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
