// "Used by one thread at a time", made checkable.

#ifndef SELECTORS_SINGLE_USER_H_
#define SELECTORS_SINGLE_USER_H_

#include <atomic>
#include <cassert>
#include <thread>

namespace selectors {

// An object that one thread at a time may use. In debug builds a
// SingleUser::Use aborts the program if another thread is in the middle of one;
// in others (NDEBUG) it does nothing. One thread may nest them.
class SingleUser {
 public:
  class Use;

 private:
  // Held in all builds, so that the layout does not depend on NDEBUG.
  std::atomic<std::thread::id> user_{};
};

#ifdef NDEBUG

class SingleUser::Use {
 public:
  explicit Use(SingleUser&) {}
  ~Use() {}
};

#else

class SingleUser::Use {
 public:
  explicit Use(SingleUser& object) : object_(object) {
    const auto me = std::this_thread::get_id();
    std::thread::id nobody{};
    outermost_ = object_.user_.compare_exchange_strong(nobody, me);
    assert((outermost_ || nobody == me) &&
           "a selector is used by two threads at once");
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    if (outermost_) object_.user_.store({});
  }

 private:
  SingleUser& object_;
  bool outermost_;
};

#endif

}  // namespace selectors

#endif  // SELECTORS_SINGLE_USER_H_
