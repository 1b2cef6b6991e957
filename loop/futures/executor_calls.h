// What run_in_executor() is made of, but for the types.

#ifndef LOOP_FUTURES_EXECUTOR_CALLS_H_
#define LOOP_FUTURES_EXECUTOR_CALLS_H_

#include <cstdint>
#include <exception>
#include <map>
#include <memory>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"

namespace loop {

// The calls that one loop has in other threads. A future is for the thread of
// its loop, so it stays here while its call is away, and the other thread knows
// no more than a number. What comes back when the loop is closed is dropped.
class ExecutorCalls {
 public:
  enum class Id : std::uint64_t {};

  // What the loop's side keeps of a call until it comes back.
  class Call {
   public:
    virtual ~Call() = default;
    // It is back.
    virtual void finish() = 0;
    // It will not come back, for this reason.
    virtual void fail(std::exception_ptr reason) = 0;
  };

  // Those of `event_loop`, which is open.
  static std::shared_ptr<ExecutorCalls> of(EventLoop& event_loop);

  explicit ExecutorCalls(EventLoop& event_loop)
      : loop_(event_loop.reference()) {}

  // ---- From the loop's thread ----

  Id add(std::unique_ptr<Call> call);

  // Destroys it; it will not come back.
  void remove(Id id) { const auto dying = calls_.extract(number(id)); }

  // ---- From any thread ----

  // Has the loop finish() this call soon. The loop may be closed, or be no
  // more: then nothing happens.
  void finish_soon(Id id) noexcept;

 private:
  static std::uint64_t number(Id id) { return static_cast<std::uint64_t>(id); }
  void finish(Id id);
  void close();
  void fail_in_child();
  struct OfLoop;

  std::map<std::uint64_t, std::unique_ptr<Call>> calls_;  // In their order.
  std::uint64_t last_id_ = 0;
  const LoopReference loop_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_EXECUTOR_CALLS_H_
