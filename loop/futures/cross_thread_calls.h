// `CrossThreadCalls`: calls in a loop's thread that other threads request by
// number.

#ifndef LOOP_FUTURES_CROSS_THREAD_CALLS_H_
#define LOOP_FUTURES_CROSS_THREAD_CALLS_H_

#include <cstdint>
#include <exception>
#include <map>
#include <memory>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"

namespace loop {

/// The calls that other threads may request of one loop, each at most once.
///
/// A Future is for its loop's thread. So a call that owns a Future stays in
/// that thread, and the other thread knows only the call's number. A loop that
/// closes destroys its calls, and makes no more.
class CrossThreadCalls {
 public:
  /// The number of a call.
  enum class Id : std::uint64_t {};

  /// A function that runs once in the loop's thread.
  class Call {
   public:
    virtual ~Call() = default;
    /// Runs in the loop's thread; then the call is destroyed.
    virtual void run() = 0;
    /// Runs instead of run() in a child of fork(), where the other thread does
    /// not exist.
    virtual void fail(std::exception_ptr reason) = 0;
  };

  /// Returns the calls of `event_loop`, which must be open.
  static std::shared_ptr<CrossThreadCalls> of(EventLoop& event_loop);

  explicit CrossThreadCalls(EventLoop& event_loop)
      : loop_(event_loop.reference()) {}

  // ---- From the loop's thread ----

  /// Keeps a call until it has run or is removed.
  Id add(std::unique_ptr<Call> call);

  /// Destroys a call, which then does not run any more. Returns false if the
  /// call has run or been removed.
  bool remove(Id id) { return !calls_.extract(number(id)).empty(); }

  // ---- From any thread ----

  /// Makes the loop run this call soon, if it has not been removed. Does
  /// nothing if the loop is closed or destroyed.
  void run_soon(Id id) noexcept;

  /// Runs this call now if the loop is running in the calling thread, and
  /// otherwise calls run_soon().
  void run_now_or_soon(Id id) noexcept;

 private:
  static std::uint64_t number(Id id) { return static_cast<std::uint64_t>(id); }
  void run(Id id);
  void close();
  void fail_in_child();
  struct OfLoop;

  std::map<std::uint64_t, std::unique_ptr<Call>> calls_;  // By age.
  std::uint64_t last_id_ = 0;
  const LoopReference loop_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_CROSS_THREAD_CALLS_H_
