// `SingleUser`: a debug check that an object is used by one thread at a time.

#ifndef SELECTORS_SINGLE_USER_H_
#define SELECTORS_SINGLE_USER_H_

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "selectors/forks.h"

namespace selectors {

// A member of an object that only one thread at a time may use.
//
//   int Counter::next() {
//     const SingleUser::Use use(user_);
//     return ++count_;
//   }
class SingleUser {
 public:
  // Whether uses are checked. It is a template argument below, so that
  // translation units with and without NDEBUG do not share code under one name.
#ifdef NDEBUG
  static constexpr bool kChecked = false;
#else
  static constexpr bool kChecked = true;
#endif

  template <bool kChecks>
  class UseIf;
  using Use = UseIf<kChecked>;

 private:
  std::atomic<std::thread::id> user_{};
  HomeProcess process_;
};

// One use, from construction to destruction: aborts the program if another
// thread is in the middle of a use. Uses of one thread may nest.
template <>
class SingleUser::UseIf<true> {
 public:
  explicit UseIf(SingleUser& object) : object_(object) {
    if (object.process_.is_left()) {
      // The thread that was in the middle of a use does not exist here.
      object.user_.store({});
      object.process_.move_here();
    }
    const auto me = std::this_thread::get_id();
    std::thread::id nobody{};
    outermost_ = object_.user_.compare_exchange_strong(nobody, me);
    if (outermost_ || nobody == me) return;
    std::fputs("selectors: a selector is used by two threads at once\n",
               stderr);
    std::abort();
  }
  UseIf(const UseIf&) = delete;
  UseIf& operator=(const UseIf&) = delete;
  ~UseIf() {
    if (outermost_) object_.user_.store({});
  }

 private:
  SingleUser& object_;
  bool outermost_;
};

template <>
class SingleUser::UseIf<false> {
 public:
  explicit UseIf(SingleUser&) {}
  ~UseIf() {}  // Suppresses the warning about an unused variable.
};

}  // namespace selectors

#endif  // SELECTORS_SINGLE_USER_H_
