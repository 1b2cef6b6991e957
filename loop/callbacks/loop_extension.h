// What a layer above keeps beside a loop.

#ifndef LOOP_CALLBACKS_LOOP_EXTENSION_H_
#define LOOP_CALLBACKS_LOOP_EXTENSION_H_

#include <memory>
#include <utility>
#include <vector>

namespace loop {

// Derived from by what EventLoop::extension() is to make and own.
class LoopExtension {
 public:
  LoopExtension() = default;
  LoopExtension(const LoopExtension&) = delete;
  LoopExtension& operator=(const LoopExtension&) = delete;
  virtual ~LoopExtension() = default;
};

// One object of each type. There are two or three, so that a search from one
// end to the other is faster than any table.
class LoopExtensions {
 public:
  // nullptr if there is none.
  template <class T>
  T* find() const {
    for (const auto& [key, object] : objects_) {
      if (key == &kKey<T>) return static_cast<T*>(object.get());
    }
    return nullptr;
  }

  template <class T>
  T& add(std::unique_ptr<T> object) {
    T& added = *object;
    objects_.emplace_back(&kKey<T>, std::move(object));
    return added;
  }

  // The last that was added first, as it may need those before.
  void destroy_all() {
    while (!objects_.empty()) {
      const auto dying = std::move(objects_.back().second);
      objects_.pop_back();
    }
  }

 private:
  // Its address tells types apart.
  template <class T>
  static inline char kKey = 0;

  std::vector<std::pair<const char*, std::unique_ptr<LoopExtension>>> objects_;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_LOOP_EXTENSION_H_
