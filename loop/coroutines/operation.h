// Something to be awaited.

#ifndef LOOP_COROUTINES_OPERATION_H_
#define LOOP_COROUTINES_OPERATION_H_

namespace loop {

// What a function of an object returns when `co_await` is to do the work. It
// can be copied and handed on, to create_task() for instance; the awaiter that
// `co_await` makes of it stays where it is, in the frame of the coroutine.
template <class Object, class Awaiter>
class [[nodiscard]] Operation {
 public:
  explicit Operation(Object& object) : object_(object) {}

  Awaiter operator co_await() const { return Awaiter(object_); }

 private:
  Object& object_;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_OPERATION_H_
