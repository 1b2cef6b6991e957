// What a computation came to: a value or an exception.

#ifndef LOOP_FUTURES_OUTCOME_H_
#define LOOP_FUTURES_OUTCOME_H_

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "loop/futures/future_core.h"

namespace loop {

// Holds a T, an exception, or nothing yet. T may be void.
template <class T>
class Outcome {
 public:
  // There must be nothing in it.
  template <class... Value>
  void set_value(Value&&... value) {
    value_.emplace(std::forward<Value>(value)...);
  }
  void set_exception(std::exception_ptr exception) {
    exception_ = std::move(exception);
  }

  bool has_value() const { return value_.has_value(); }

  // nullptr if there is none.
  const std::exception_ptr& exception() const { return exception_; }

  // The value, or throws the exception. There must be either.
  decltype(auto) value() const& {
    check();
    if constexpr (!std::is_void_v<T>) return (*value_);
  }
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
