// What Python calls a file object: a descriptor, or an object that has one.

#ifndef SELECTORS_FILE_OBJ_H_
#define SELECTORS_FILE_OBJ_H_

#include <concepts>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace selectors {

// An object with a `fileno()` method, as Python means it.
template <class T>
concept HasFileno = requires(T& object) {
  { object.fileno() } -> std::convertible_to<int>;
};

// A descriptor number and, if it came from an object, that object's identity.
//
// Every function that takes a FileObj accepts an `int`, a `FILE*` or an object
// with `fileno()`. The object is only looked at, never owned, copied or closed;
// while it is registered it must stay where it is in memory.
//
// A closed object has no number any more (its fileno() gives a negative number
// or throws std::invalid_argument). It is still found by its address, so that
// it can be unregistered.
// Differs from Python: a FILE* that was closed is a dangling pointer and cannot
// be asked; unregister it before fclose(), or by its number.
//
// Port of selectors._fileobj_to_fd (CPython 3.15, Lib/selectors.py).
class FileObj {
 public:
  FileObj(int fd) : fd_(fd) {}  // NOLINT: implicit, as in Python

  // Throws nothing; a null stream or one without a descriptor (fmemopen) is
  // refused with ValueError by the function that the FileObj is given to.
  FileObj(std::FILE* stream);  // NOLINT: implicit, as in Python

  template <HasFileno T>
  requires(!std::same_as<std::remove_cv_t<T>, FileObj>)
      FileObj(T& object)  // NOLINT: implicit, as in Python
      : object_(&object) {
    try {
      fd_ = object.fileno();
    } catch (const std::invalid_argument&) {
      fd_ = kNoFd;  // Python's fileno() raises ValueError on a closed file.
    }
  }

  // The number as it was when this FileObj was made; negative if there was
  // none.
  int fileno() const { return fd_; }

  // The object's address, or nullptr if it was given as a number.
  const void* identity() const { return object_; }

  // What an error message calls it: "fd 7", "file object 0x7ffd (fd 7)".
  std::string repr() const;

  // The same object; for plain numbers, the same number.
  friend bool operator==(const FileObj& a, const FileObj& b) {
    return a.object_ == b.object_ && (a.object_ != nullptr || a.fd_ == b.fd_);
  }

 private:
  static constexpr int kNoFd = -1;

  const void* object_ = nullptr;
  int fd_ = kNoFd;
};

}  // namespace selectors

#endif  // SELECTORS_FILE_OBJ_H_
