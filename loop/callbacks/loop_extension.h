// `LoopExtension`: an object that a layer above keeps with a loop.

#ifndef LOOP_CALLBACKS_LOOP_EXTENSION_H_
#define LOOP_CALLBACKS_LOOP_EXTENSION_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace loop {

/// The base class of objects that EventLoop::extension() makes and owns.
///
/// ```cpp
/// struct Statistics : loop::LoopExtension {
///   explicit Statistics(loop::EventLoop&) {}
///   int requests = 0;
/// };
/// ++event_loop.extension<Statistics>().requests;
/// ```
class LoopExtension {
 public:
  LoopExtension() = default;
  LoopExtension(const LoopExtension&) = delete;
  LoopExtension& operator=(const LoopExtension&) = delete;
  /// Called when the loop closes, before the loop destroys its callbacks.
  virtual ~LoopExtension() = default;

  /// Called by EventLoop::after_fork_in_child(), when the loop is usable again.
  /// Does nothing by default.
  virtual void after_fork_in_child() {}
};

/// The extensions of one loop, at most one of each type. For the loop's thread
/// only.
class LoopExtensions {
 public:
  /// Returns the object of type T, or nullptr.
  template <class T>
  T* find() const {
    for (const auto& [key, object] : objects_) {
      if (key == &kKey<T>) return static_cast<T*>(object.get());
    }
    return nullptr;
  }

  /// Adds `object`, of whose type there must be none yet, and returns it.
  /// Throws std::bad_alloc.
  template <class T>
  T& add(std::unique_ptr<T> object) {
    T& added = *object;
    objects_.emplace_back(&kKey<T>, std::move(object));
    return added;
  }

  /// Calls after_fork_in_child() of each object, in the order of adding.
  void after_fork_in_child() {
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      objects_[i].second->after_fork_in_child();
    }
  }

  /// Destroys the objects in reverse order, as one may need those before it.
  void destroy_all() {
    while (!objects_.empty()) {
      const auto dying = std::move(objects_.back().second);
      objects_.pop_back();
    }
  }

 private:
  // The address identifies the type.
  template <class T>
  static inline char kKey = 0;

  // There are two or three, so a linear search is faster than any table.
  std::vector<std::pair<const char*, std::unique_ptr<LoopExtension>>> objects_;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_LOOP_EXTENSION_H_
