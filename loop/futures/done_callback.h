// `DoneCallback`: what waits for a future.

#ifndef LOOP_FUTURES_DONE_CALLBACK_H_
#define LOOP_FUTURES_DONE_CALLBACK_H_

#include <cstdint>

#include "loop/futures/intrusive_list.h"

namespace loop {

class FutureCore;

// Waits in a future's list. It stands where it was made, in a coroutine's frame
// for instance, so that waiting allocates nothing; its destructor takes it out
// of the list.
class DoneCallback : public ListLink {
 public:
  virtual ~DoneCallback() = default;

  // The future is done, and this is not in its list any more. It may destroy
  // this, but should leave the rest to a callback that it schedules: who makes
  // a future done does not expect to be called before that returns.
  virtual void on_done(FutureCore& future) = 0;

  // The future goes without having been done; this is not in its list any more.
  virtual void on_gone() {}
};

/// Calls a function, soon after the future is done. The future's list holds a
/// reference, and so does each id that names the callback: so that an id finds
/// it without a search, and knows when it is gone.
class FunctionCallback : public DoneCallback {
 public:
  void on_done(FutureCore& future) override;
  void on_gone() override;

  /// Adds it to the list of `future`, which owns it from now on.
  void add_to(FutureCore& future);

  /// Removes it, and destroys the function. Returns false if it is not in the
  /// list of `future`.
  bool remove_from(const FutureCore& future);

  virtual void call(FutureCore& future) = 0;
  virtual void destroy_function() = 0;

  // For Reference.
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 private:
  std::uint32_t references_ = 0;
  const FutureCore* future_ = nullptr;  // In whose list it is.
};

using DoneCallbackList = IntrusiveList<DoneCallback>;

}  // namespace loop

#endif  // LOOP_FUTURES_DONE_CALLBACK_H_
