// `CrossThreadCalls`: functions of a loop's thread that other threads have
// called by number.

#ifndef LOOP_FUTURES_CROSS_THREAD_CALLS_H_
#define LOOP_FUTURES_CROSS_THREAD_CALLS_H_

#include <cstdint>
#include <exception>
#include <map>
#include <memory>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"

namespace loop {

/// The calls that other threads may ask one loop to make, once each. A Future
/// is for its loop's thread; so a call that owns one stays here, and the other
/// thread knows no more than a number. A loop that closes destroys its calls,
/// and makes none any more.
class CrossThreadCalls {
 public:
  enum class Id : std::uint64_t {};

  class Call {
   public:
    virtual ~Call() = default;
    /// Runs in the loop's thread; then the call is destroyed.
    virtual void run() = 0;
    /// Runs instead in a child of fork(), where the other thread does not
    /// exist.
    virtual void fail(std::exception_ptr reason) = 0;
  };

  /// Those of `event_loop`, which is open.
  static std::shared_ptr<CrossThreadCalls> of(EventLoop& event_loop);

  explicit CrossThreadCalls(EventLoop& event_loop)
      : loop_(event_loop.reference()) {}

  // ---- From the loop's thread ----

  /// Keeps a call until it has run or is removed.
  Id add(std::unique_ptr<Call> call);

  /// Destroys a call, which does not run any more. Returns false if it is not
  /// there.
  bool remove(Id id) { return !calls_.extract(number(id)).empty(); }

  // ---- From any thread ----

  /// Has the loop run this call soon, if it is still there. The loop may be
  /// closed, or be no more: then nothing happens.
  void run_soon(Id id) noexcept;

 private:
  static std::uint64_t number(Id id) { return static_cast<std::uint64_t>(id); }
  void run(Id id);
  void close();
  void fail_in_child();
  struct OfLoop;

  std::map<std::uint64_t, std::unique_ptr<Call>> calls_;  // In their order.
  std::uint64_t last_id_ = 0;
  const LoopReference loop_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_CROSS_THREAD_CALLS_H_
