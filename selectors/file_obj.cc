#include "selectors/file_obj.h"

#include <stdio.h>

#include <sstream>

namespace selectors {

FileObj::FileObj(std::FILE* stream)
    : object_(stream), fd_(stream != nullptr ? ::fileno(stream) : kNoFd) {}

std::string FileObj::repr() const {
  std::ostringstream text;
  if (object_ == nullptr) {
    text << "fd " << fd_;
  } else {
    text << "file object " << object_ << " (fd " << fd_ << ")";
  }
  return text.str();
}

}  // namespace selectors
