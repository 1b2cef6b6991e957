// `Outcome<T>`: the result of a computation, a value or an exception.

#ifndef LOOP_FUTURES_OUTCOME_H_
#define LOOP_FUTURES_OUTCOME_H_

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "loop/futures/future_core.h"

namespace loop {

/// Holds a value of type T, an exception, or nothing yet. T may be void.
///
/// ```cpp
/// loop::Outcome<int> outcome;
/// outcome.set_value(42);
/// const int value = std::move(outcome).value();
/// ```
///
/// Not synchronized between threads.
template <class T>
class Outcome {
 public:
  /// Stores the value. The outcome must be empty.
  template <class... Value>
  void set_value(Value&&... value) {
    value_.emplace(std::forward<Value>(value)...);
  }
  /// Stores the exception. The outcome must be empty.
  void set_exception(std::exception_ptr exception) {
    exception_ = std::move(exception);
  }

  /// Returns whether the outcome holds a value.
  bool has_value() const { return value_.has_value(); }

  /// Returns the exception; nullptr if there is none.
  const std::exception_ptr& exception() const { return exception_; }

  /// Returns a reference to the value, or throws the exception. The outcome
  /// must not be empty (undefined behaviour).
  decltype(auto) value() const& {
    check();
    if constexpr (!std::is_void_v<T>) return (*value_);
  }
  /// Moves the value out, or throws the exception. The outcome must not be
  /// empty (undefined behaviour).
  T value() && {
    check();
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

 private:
  void check() const {
    if (exception_) [[unlikely]]
      std::rethrow_exception(exception_);
  }

  std::exception_ptr exception_;
  std::optional<StoredResult<T>> value_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_OUTCOME_H_
