// `DoneCallback`: an object that is notified when a future is done.

#ifndef LOOP_FUTURES_DONE_CALLBACK_H_
#define LOOP_FUTURES_DONE_CALLBACK_H_

#include "loop/futures/intrusive_list.h"
#include "loop/futures/reference.h"

namespace loop {

class FutureCore;

// An object that waits in a future's list. It lives in its owner, in a
// coroutine's frame for example, so that waiting allocates nothing. The
// destructor removes it from the list.
class DoneCallback : public ListLink {
 public:
  virtual ~DoneCallback() = default;

  // Called when the future is done; this object has left the list. The function
  // may destroy this object, but should schedule a callback for any other work:
  // the code that completes a future does not expect other code to run before
  // set_result() returns.
  virtual void on_done(FutureCore& future) = 0;

  // Called when the future will never be done; this object has left the list.
  virtual void on_gone() {}
};

// Calls a function soon after the future is done.
//
// The future's list holds a reference, and so does each id that names the
// callback. So an id finds its callback without a search, and knows when the
// callback is gone.
class FunctionCallback : public DoneCallback,
                         public ReferenceCounted<FunctionCallback> {
 public:
  void on_done(FutureCore& future) override;
  void on_gone() override;

  // Adds the callback to the list of `future`, which owns it from now on.
  void add_to(FutureCore& future);

  // Removes the callback, and destroys the function. Returns false if the
  // callback is not in the list of `future`.
  bool remove_from(const FutureCore& future);

  // Calls the function.
  virtual void call(FutureCore& future) = 0;
  // Destroys the function.
  virtual void destroy_function() = 0;

 private:
  const FutureCore* future_ = nullptr;  // The owner of the list, or nullptr.
};

using DoneCallbackList = IntrusiveList<DoneCallback>;

}  // namespace loop

#endif  // LOOP_FUTURES_DONE_CALLBACK_H_
