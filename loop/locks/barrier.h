// Tasks that wait for one another.

#ifndef LOOP_LOCKS_BARRIER_H_
#define LOOP_LOCKS_BARRIER_H_

#include "loop/coroutines/coroutine.h"
#include "loop/futures/intrusive_list.h"
#include "loop/futures/lifetime.h"
#include "loop/locks/condition.h"
#include "selectors/errors.h"

namespace loop {

// The barrier has been reset, or aborted.
// Port of asyncio.BrokenBarrierError (CPython 3.15).
struct BrokenBarrierError : selectors::RuntimeError {
  using selectors::RuntimeError::RuntimeError;
};

// Lets tasks wait until there are as many as it was made for; then all go on,
// and it can be used anew. In all the rest it is as Lock, with regard to
// threads, loops and its end.
// Port of asyncio.Barrier (CPython 3.15, Lib/asyncio/locks.py).
class Barrier {
 public:
  // Throws ValueError unless `parties` is positive.
  explicit Barrier(int parties);
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;
  ~Barrier();

  /// Waits for the others. Returns an index: of the `parties` tasks that go on
  /// together each gets one of the numbers from 0 to parties - 1, in the order
  /// in which they came, so that one can be chosen to do something. A task that
  /// is cancelled while the barrier fills gives up its place.
  /// A task that comes while the ones before are still leaving waits for that
  /// first. Throws BrokenBarrierError if the barrier is aborted, or reset
  /// meanwhile.
  /// Differs from Python: there the index is given on arrival, and after a
  /// cancellation two tasks get the same one (gh-155233).
  /// Port of wait() and of `async with barrier as index`.
  Coroutine<int> wait();

  // Makes it empty: those that wait get a BrokenBarrierError.
  Coroutine<> reset();

  // Makes it of no use until reset(): those that wait, and that come later, get
  // a BrokenBarrierError.
  Coroutine<> abort();

  int parties() const { return parties_; }
  // How many wait for the others.
  int n_waiting() const { return state_ == State::kFilling ? count_ : 0; }
  bool broken() const { return state_ == State::kBroken; }

 private:
  enum class State { kFilling, kDraining, kResetting, kBroken };

  // A task that waits for the others, in the order of their coming.
  struct Party : ListLink {
    int index = 0;  // Valid once the barrier is full.
  };

  Coroutine<> block();
  void release();
  void leave();
  bool is_emptying() const {
    return state_ == State::kDraining || state_ == State::kResetting;
  }

  Condition condition_;
  const int parties_;
  State state_ = State::kFilling;
  int count_ = 0;  // How many are in it.
  IntrusiveList<Party> parties_waiting_;
  Lifetime lifetime_;
};

}  // namespace loop

#endif  // LOOP_LOCKS_BARRIER_H_
