// `Finally`: a function that runs at the end of a scope, also after an
// exception.

#ifndef LOOP_CALLBACKS_FINALLY_H_
#define LOOP_CALLBACKS_FINALLY_H_

#include <utility>

namespace loop {

// Calls a function in its destructor, so also when an exception leaves the
// scope. The function must not throw.
//
//   const Finally wake_up([&] { mailbox.wake_up(); });
template <class F>
class [[nodiscard]] Finally {
 public:
  /// Keeps `function` for the destructor.
  explicit Finally(F function) : function_(std::move(function)) {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  /// Calls the function.
  ~Finally() { function_(); }

 private:
  F function_;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_FINALLY_H_
