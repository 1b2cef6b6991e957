// `Reference`: a counted pointer. `ReferenceCounted`: the base class of counted
// objects.

#ifndef LOOP_FUTURES_REFERENCE_H_
#define LOOP_FUTURES_REFERENCE_H_

#include <utility>

namespace loop {

// A pointer that counts, with retain() and release() of the object, how many
// pointers the object has. Not atomic: for one thread.
template <class T>
class Reference {
 public:
  explicit Reference(T* object) noexcept : object_(object) {
    object_->retain();
  }
  Reference(const Reference& other) noexcept : Reference(other.object_) {}
  Reference(Reference&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)) {}
  Reference& operator=(Reference other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  // clang-tidy does not see that other references are counted.
  // NOLINTBEGIN(clang-analyzer-cplusplus.NewDelete)
  ~Reference() {
    if (object_ != nullptr) object_->release();
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  // NOLINTEND(clang-analyzer-cplusplus.NewDelete)

 private:
  T* object_;
};

// The base class of a class T whose objects are made with `new`, and deleted
// when the last reference is released.
template <class T>
class ReferenceCounted {
 public:
  ReferenceCounted(const ReferenceCounted&) = delete;
  ReferenceCounted& operator=(const ReferenceCounted&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete static_cast<T*>(this);
  }

 protected:
  ReferenceCounted() = default;
  ~ReferenceCounted() = default;

 private:
  int references_ = 0;
};

}  // namespace loop

#endif  // LOOP_FUTURES_REFERENCE_H_
