// `Operation`, `HeldOperation`: awaitables of a member function, such as
// Lock::acquire() or StreamWriter::drain().

#ifndef LOOP_LOCKS_OPERATION_H_
#define LOOP_LOCKS_OPERATION_H_

#include <utility>

#include "loop/futures/reference.h"

namespace loop {

/// An awaitable that refers to `object` and does its work in `co_await`.
///
/// ```cpp
/// const auto acquire = lock.acquire();  // Does nothing yet.
/// co_await acquire;                     // Now the task holds the lock.
/// ```
///
/// An operation can be copied and passed on, to create_task() for example. The
/// awaiter that `co_await` makes lives in the frame of the coroutine. The
/// object must exist until then.
template <class Object, class Awaiter>
class [[nodiscard]] Operation {
 public:
  /// Makes an operation on `object`.
  explicit Operation(Object& object) : object_(object) {}

  /// Makes the awaiter.
  Awaiter operator co_await() const { return Awaiter(object_); }

 private:
  Object& object_;
};

/// An operation on a counted object, which the operation keeps alive. Each
/// `co_await` makes an awaiter of its own, which the operation must outlive, as
/// an operand of `co_await` does. The operation can be copied and passed on.
template <class Object, class Awaiter>
class [[nodiscard]] HeldOperation {
 public:
  /// Makes an operation on `object`.
  explicit HeldOperation(Reference<Object> object)
      : object_(std::move(object)) {}

  /// Makes the awaiter.
  Awaiter operator co_await() const { return Awaiter(*object_); }

 private:
  Reference<Object> object_;
};

}  // namespace loop

#endif  // LOOP_LOCKS_OPERATION_H_
