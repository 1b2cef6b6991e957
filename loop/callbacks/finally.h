// `Finally`: a function that runs at the end of a scope, however that is left.

#ifndef LOOP_CALLBACKS_FINALLY_H_
#define LOOP_CALLBACKS_FINALLY_H_

#include <utility>

namespace loop {

// Calls the function when it is destroyed, also by an exception:
//
//   const Finally wake_up([&] { mailbox.wake_up(); });
template <class F>
class [[nodiscard]] Finally {
 public:
  explicit Finally(F function) : function_(std::move(function)) {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() { function_(); }

 private:
  F function_;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_FINALLY_H_
