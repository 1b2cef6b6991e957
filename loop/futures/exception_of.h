// `exception_of()`: converts an exception to a std::exception_ptr.

#ifndef LOOP_FUTURES_EXCEPTION_OF_H_
#define LOOP_FUTURES_EXCEPTION_OF_H_

#include <concepts>
#include <exception>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace loop {
namespace exception_of_internal {

[[noreturn]] void throw_would_be_sliced();

// Returns the exception that is being handled, if `exception` refers to it.
// Otherwise throws ValueError.
template <class E>
std::exception_ptr handled(const E& exception) {
  std::exception_ptr current = std::current_exception();
  try {
    if (current) std::rethrow_exception(current);
  } catch (const E& caught) {
    if (std::addressof(caught) == std::addressof(exception)) return current;
  } catch (...) {
  }
  throw_would_be_sliced();
}

template <class E>
bool is_of_derived_class(const E& exception) {
  if constexpr (std::is_polymorphic_v<E>) return typeid(exception) != typeid(E);
  return false;
}

}  // namespace exception_of_internal

/// Returns a std::exception_ptr to `exception`, which may be a pointer already,
/// or an object of any type.
///
/// Nothing is sliced. A reference to a base class stands for the exception that
/// is being handled:
///
/// ```cpp
/// catch (const std::exception& error) { future.set_exception(error); }
/// ```
///
/// Throws ValueError if the reference is to another object of a derived class,
/// which cannot be copied.
template <class Exception>
std::exception_ptr exception_of(Exception&& exception) {
  using E = std::remove_cvref_t<Exception>;
  if constexpr (std::same_as<E, std::exception_ptr>) {
    return std::forward<Exception>(exception);
  } else if constexpr (std::is_abstract_v<E>) {
    return exception_of_internal::handled<E>(exception);
  } else {
    if (exception_of_internal::is_of_derived_class<E>(exception)) {
      return exception_of_internal::handled<E>(exception);
    }
    return std::make_exception_ptr<std::decay_t<Exception>>(
        std::forward<Exception>(exception));
  }
}

}  // namespace loop

#endif  // LOOP_FUTURES_EXCEPTION_OF_H_
