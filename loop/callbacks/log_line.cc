#include "loop/callbacks/log_line.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

namespace loop {
namespace {

// Returns the name of the type of the exception that is being handled.
std::string type_name() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "an exception of another language";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
  return name == nullptr ? type->name() : name.get();
}

}  // namespace

std::string exception_text(const std::exception_ptr& exception) try {
  std::rethrow_exception(exception);
} catch (const std::exception& error) {
  return error.what();
} catch (...) {
  return type_name();
}

}  // namespace loop
