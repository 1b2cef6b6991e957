// `holds<Error>()`: finds out the type of a stored exception.

#ifndef LOOP_FUTURES_HOLDS_H_
#define LOOP_FUTURES_HOLDS_H_

#include <exception>
#include <typeinfo>

namespace loop {

// Returns whether `exception` is an `Error`, or of a class derived from it;
// false for nullptr.
//
// In libstdc++ an exception of exactly this type is found by its type_info.
// Otherwise the exception is thrown again, which takes 10,000 instructions.
template <class Error>
bool holds(const std::exception_ptr& exception) {
  if (!exception) return false;
#ifdef __GLIBCXX__
  if (*exception.__cxa_exception_type() == typeid(Error)) return true;
#endif
  try {
    std::rethrow_exception(exception);
  } catch (const Error&) {
    return true;
  } catch (...) {
  }
  return false;
}

}  // namespace loop

#endif  // LOOP_FUTURES_HOLDS_H_
