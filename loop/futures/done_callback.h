// Who waits for a future.

#ifndef LOOP_FUTURES_DONE_CALLBACK_H_
#define LOOP_FUTURES_DONE_CALLBACK_H_

#include <cstdint>

#include "loop/futures/ring.h"

namespace loop {

class FutureState;

// Waits in a future's list. It stands where it was made, in a coroutine's frame
// for instance, so that waiting allocates nothing; its destructor takes it out
// of the list.
class DoneCallback : public RingLink {
 public:
  virtual ~DoneCallback() = default;

  // The future is done, and this is not in its list any more. It may destroy
  // this, but should leave the rest to a callback that it schedules: who makes
  // a future done does not expect to be called before that returns.
  virtual void on_done(FutureState& future) = 0;

  // The future goes without having been done; this is not in its list any more.
  virtual void on_gone() {}

  // What a function of Future returned for it, if that made it; else 0.
  std::uint64_t id = 0;
};

// Calls a function, soon after the future is done. Owns itself once it is in
// the list.
class FunctionCallback : public DoneCallback {
 public:
  void on_done(FutureState& future) override;
  void on_gone() override { delete this; }
  virtual void operator()(FutureState& future) = 0;
};

using DoneCallbackList = Ring<DoneCallback>;

}  // namespace loop

#endif  // LOOP_FUTURES_DONE_CALLBACK_H_
