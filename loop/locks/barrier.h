// `Barrier`: a point at which a fixed number of tasks wait for one another.

#ifndef LOOP_LOCKS_BARRIER_H_
#define LOOP_LOCKS_BARRIER_H_

#include "loop/coroutines/coroutine.h"
#include "loop/futures/intrusive_list.h"
#include "loop/futures/lifetime.h"
#include "loop/locks/condition.h"
#include "selectors/errors.h"

namespace loop {

/// Thrown by Barrier::wait() if the barrier is reset or aborted. Port of
/// asyncio.BrokenBarrierError (CPython 3.15).
struct BrokenBarrierError : selectors::RuntimeError {
  using selectors::RuntimeError::RuntimeError;
};

/// A point at which a fixed number of tasks wait for one another.
///
/// ```cpp
/// loop::Barrier barrier(3);
/// const int index = co_await barrier.wait();  // Until three tasks are here.
/// if (index == 0) begin_next_round();         // In one of the three.
/// ```
///
/// When the last of them arrives, all go on, and the barrier can be used again.
///
/// For the tasks of one loop, in its thread. The barrier belongs to the loop of
/// the first task that has to wait. Tasks of another loop get a RuntimeError,
/// and so do tasks that wait when the barrier is destroyed.
///
/// Port of asyncio.Barrier (CPython 3.15, Lib/asyncio/locks.py).
class Barrier {
 public:
  /// Makes a barrier for `parties` tasks. Throws ValueError unless `parties` is
  /// positive.
  explicit Barrier(int parties);
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;
  /// Destroys the barrier. Tasks that wait get a RuntimeError.
  ~Barrier();

  /// `co_await barrier.wait()` waits until as many tasks as parties() have
  /// called wait(), and returns the index of this task.
  ///
  /// The tasks that go on together get the numbers from 0 to parties() - 1, in
  /// the order of their arrival. So one of them can be chosen to do something.
  /// A task that is cancelled while the barrier fills no longer counts. A task
  /// that arrives while earlier tasks are still leaving first waits until they
  /// have left.
  ///
  /// Throws BrokenBarrierError if the barrier is aborted, or is reset
  /// meanwhile.
  ///
  /// Differs from Python: there, the index is given on arrival, and after a
  /// cancellation two tasks get the same one (gh-155233).
  ///
  /// Port of wait() and of `async with barrier as index`.
  Coroutine<int> wait();

  /// `co_await barrier.reset()` empties the barrier and makes it usable again.
  /// Tasks that wait get a BrokenBarrierError.
  Coroutine<> reset();

  /// `co_await barrier.abort()` breaks the barrier until reset(). Tasks that
  /// wait, and tasks that arrive later, get a BrokenBarrierError.
  Coroutine<> abort();

  /// Returns the number of tasks that wait for one another.
  int parties() const { return parties_; }
  /// Returns the number of tasks that wait for the barrier to fill; 0 while
  /// tasks leave it, and while it is broken.
  int n_waiting() const { return state_ == State::kFilling ? count_ : 0; }
  /// Returns whether the barrier has been aborted, and not been reset since.
  bool broken() const { return state_ == State::kBroken; }

 private:
  enum class State { kFilling, kDraining, kResetting, kBroken };

  // A task that waits for the others, in the order of arrival.
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
  int count_ = 0;  // Tasks that have arrived and not left.
  IntrusiveList<Party> parties_waiting_;
  Lifetime lifetime_;
};

}  // namespace loop

#endif  // LOOP_LOCKS_BARRIER_H_
