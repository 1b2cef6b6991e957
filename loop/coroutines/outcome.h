// What a computation came to: a value or an exception.

#ifndef LOOP_COROUTINES_OUTCOME_H_
#define LOOP_COROUTINES_OUTCOME_H_

#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

#include "loop/futures/future_state.h"

namespace loop {

// Holds a T, an exception, or nothing yet. T may be void.
template <class T>
class Outcome {
 public:
  Outcome() = default;

  template <class... Value>
  void set_value(Value&&... value) {
    content_.template emplace<kValue>(std::forward<Value>(value)...);
  }
  void set_exception(std::exception_ptr exception) {
    content_.template emplace<kException>(std::move(exception));
  }

  bool has_value() const { return content_.index() == kValue; }

  // nullptr if there is none.
  std::exception_ptr exception() const {
    const auto* const exception = std::get_if<kException>(&content_);
    return exception == nullptr ? nullptr : *exception;
  }

  // The value, or throws the exception. There must be either.
  decltype(auto) value() const& {
    check();
    if constexpr (!std::is_void_v<T>) return (*std::get_if<kValue>(&content_));
  }
  T value() && {
    check();
    if constexpr (!std::is_void_v<T>) {
      return std::move(*std::get_if<kValue>(&content_));
    }
  }

 private:
  static constexpr std::size_t kValue = 1;
  static constexpr std::size_t kException = 2;

  void check() const {
    if (const auto* const exception = std::get_if<kException>(&content_))
        [[unlikely]] {
      std::rethrow_exception(*exception);
    }
  }

  std::variant<std::monostate, StoredResult<T>, std::exception_ptr> content_;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_OUTCOME_H_
