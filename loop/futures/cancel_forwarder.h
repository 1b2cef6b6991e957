// How a request to cancel a future reaches what that future waits for.

#ifndef LOOP_FUTURES_CANCEL_FORWARDER_H_
#define LOOP_FUTURES_CANCEL_FORWARDER_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace loop {

class FutureCore;

/// The part of a future that is cancelled by cancelling others: of a task,
/// which forwards a request to the future that it awaits, and of a gather(),
/// which forwards it to its children. Used by the thread of its loop.
///
/// asyncio forwards by recursion, and so ends with a RecursionError where a
/// thousand tasks await one another. Here forward_cancel() walks down the graph
/// depth first with a path that is linked through the forwarders: it needs
/// neither the thread's stack nor memory, and visits futures in asyncio's
/// order.
///
/// A walk for each task of a chain of n costs n * n / 2 visits. So a forwarder
/// notes that it has been visited, and as long as none of those that were
/// visited has run since, a later walk visits no more than kMaxRevisits of them
/// again.
class CancelForwarder {
 public:
  CancelForwarder(const CancelForwarder&) = delete;
  CancelForwarder& operator=(const CancelForwarder&) = delete;

 protected:
  CancelForwarder() = default;
  ~CancelForwarder() = default;

  /// Cancels all that this waits for, and all that those wait for in turn.
  /// Returns false if nothing could be cancelled. Throws std::bad_alloc; what
  /// was reached before stays cancelled.
  bool forward_cancel(const std::string& message);
  /// Ends the visit that forward_cancel() began, and notes the request. Returns
  /// what cancel() of this future returns.
  bool finish_visit(const std::string& message);

  /// From now on all forwarders count as not visited: one of them has run, or
  /// has taken a request back.
  static void forget_visits();

  /// Counts what this waits for, from 0 in each walk.
  std::size_t next_index() { return next_index_++; }
  /// Whether any of those that this waits for could be cancelled.
  bool is_forwarded() const { return is_forwarded_; }
  void set_forwarded() { is_forwarded_ = true; }
  /// Returns false if this has been visited before, and enough has been visited
  /// again in this walk.
  bool may_go_on() { return !is_revisited_ || revisits_left_-- > 0; }

 private:
  class Path;

  static constexpr int kMaxRevisits = 32;

  /// The future that this is a part of.
  virtual FutureCore& forwarding_future() = 0;
  /// Returns the next forwarder that the request is for, nullptr after the
  /// last. Cancels futures that have none, and calls set_forwarded() then.
  virtual CancelForwarder* next_to_cancel(const std::string& message) = 0;
  /// Notes a request, of which is_forwarded() says what became of it. Returns
  /// what cancel() of this future returns.
  virtual bool note_cancel(const std::string& message) = 0;
  /// Wakes this with a CancelledError if it is a task, as nobody else does in a
  /// cycle of tasks; otherwise returns false.
  virtual bool wake_in_cycle(const std::string& message) = 0;

  bool is_visited() const { return round_ == current_round_; }

  static constinit thread_local std::uint64_t current_round_;
  static constinit thread_local int revisits_left_;

  // Set when it is visited.
  CancelForwarder* previous_;  // On the path.
  std::size_t next_index_;
  bool is_forwarded_;
  bool is_revisited_;

  bool is_on_path_ = false;
  std::uint64_t round_ = 0;  // In which it was visited last.
};

}  // namespace loop

#endif  // LOOP_FUTURES_CANCEL_FORWARDER_H_
