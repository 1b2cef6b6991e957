#include "selectors/file_obj.h"

#include <stdio.h>

#include <array>
#include <string>

namespace selectors {

FileObj::FileObj(std::FILE* stream)
    : object_(stream), fd_(stream != nullptr ? ::fileno(stream) : kNoFd) {}

// Uses no stream of <sstream>, which would link a megabyte of locales into
// programs that link the standard library statically.
std::string FileObj::repr() const {
  if (object_ == nullptr) return "fd " + std::to_string(fd_);
  std::array<char, 2 * sizeof(object_) + sizeof("0x")> address;
  std::snprintf(address.data(), address.size(), "%p", object_);
  return std::string("file object ") + address.data() + " (fd " +
         std::to_string(fd_) + ")";
}

}  // namespace selectors
