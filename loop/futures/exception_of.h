// An exception as a std::exception_ptr.

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

// The exception that is being handled, if that is what `exception` refers to.
template <class E>
std::exception_ptr handled(const E& exception) {
  const std::exception_ptr current = std::current_exception();
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

/// Returns a std::exception_ptr to `exception`, which may be one already, or an
/// object of any type. Nothing is sliced: a reference to a base class, as in
///
///   catch (const std::exception& error) { future.set_exception(error); }
///
/// stands for the exception that is being handled. Throws ValueError if it
/// refers to another object of a derived class, which cannot be copied.
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
