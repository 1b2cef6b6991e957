// `FileObj`: a descriptor, or an object that has one. Python calls both a file
// object.

#ifndef SELECTORS_FILE_OBJ_H_
#define SELECTORS_FILE_OBJ_H_

#include <concepts>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace selectors {

/// An object with a `fileno()` method that returns its descriptor, as in
/// Python.
template <class T>
concept HasFileno = requires(T& object) {
  { object.fileno() } -> std::convertible_to<int>;
};

/// A descriptor number and, if the number came from an object, the identity of
/// that object.
///
/// ```cpp
/// selector.register_(0, selectors::EVENT_READ);           // a number
/// selector.register_(stdin, selectors::EVENT_READ);       // a FILE*
/// selector.register_(connection, selectors::EVENT_READ);  // has fileno()
/// ```
///
/// Every function that takes a FileObj accepts an `int`, a `FILE*` or an object
/// with `fileno()`. A FileObj refers to the object and never owns, copies or
/// closes it. While the object is registered it must stay at its address.
///
/// A closed object has no number any more: its fileno() returns a negative
/// number or throws std::invalid_argument. The selector still finds the object
/// by its address, so that it can be unregistered.
///
/// Differs from Python: a closed FILE* is a dangling pointer and must not be
/// used. Unregister the stream before fclose(), or by its number.
///
/// Port of selectors._fileobj_to_fd (CPython 3.15, Lib/selectors.py).
class FileObj {
 public:
  /// Refers to the descriptor `fd`.
  FileObj(int fd) : fd_(fd) {}  // NOLINT: implicit, as in Python

  /// Refers to `stream` and its descriptor. Throws nothing: the function that
  /// gets the FileObj refuses a null stream, or one without a descriptor
  /// (fmemopen), with ValueError.
  FileObj(std::FILE* stream);  // NOLINT: implicit, as in Python

  /// Refers to `object` and its descriptor. If object.fileno() throws
  /// std::invalid_argument, the object counts as closed.
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

  /// Returns the descriptor as it was when this FileObj was made; a negative
  /// number if there was none.
  int fileno() const { return fd_; }

  /// Returns the address of the object, or nullptr for a plain number.
  const void* identity() const { return object_; }

  /// Returns the text for error messages: "fd 7", "file object 0x7ffd (fd 7)".
  std::string repr() const;

  /// Returns whether both refer to one object or, for plain numbers, to the
  /// same number.
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
