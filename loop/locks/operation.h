// `Operation`: an awaitable of a member function, such as Lock::acquire().

#ifndef LOOP_LOCKS_OPERATION_H_
#define LOOP_LOCKS_OPERATION_H_

namespace loop {

/// An awaitable that refers to `object` and does its work in `co_await`.
///
/// An operation can be copied and passed on, to create_task() for example; the
/// awaiter that `co_await` makes of it stays in the frame of the coroutine. The
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

}  // namespace loop

#endif  // LOOP_LOCKS_OPERATION_H_
