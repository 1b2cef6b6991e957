// `CancelForwarder`: passes a request to cancel a future on to the futures that
// it waits for.

#ifndef LOOP_FUTURES_CANCEL_FORWARDER_H_
#define LOOP_FUTURES_CANCEL_FORWARDER_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace loop {

class FutureCore;

/// The part of a future that passes a request to cancel on to other futures.
///
/// A task forwards a request to the future that it awaits; a gather() forwards
/// a request to its children. Used by the thread of its loop.
///
/// asyncio forwards by recursion, and so fails with a RecursionError where a
/// thousand tasks await one another. Here forward_cancel() walks down the graph
/// depth first, with a path that is linked through the forwarders. The walk
/// needs neither the thread's stack nor memory, and visits futures in asyncio's
/// order.
///
/// A walk for each task of a chain of n costs n * n / 2 visits. So a forwarder
/// notes that it has been visited. As long as none of the visited forwarders
/// has run since, a later walk visits at most kMaxRevisits of them again.
class CancelForwarder {
 public:
  CancelForwarder(const CancelForwarder&) = delete;
  CancelForwarder& operator=(const CancelForwarder&) = delete;

 protected:
  CancelForwarder() = default;
  ~CancelForwarder() = default;

  /// Cancels all futures that this one waits for, directly or indirectly.
  /// Returns false if no future could be cancelled. Throws std::bad_alloc;
  /// futures that were reached before stay cancelled.
  bool forward_cancel(const std::string& message);
  /// Ends the visit that forward_cancel() began, and notes the request. Returns
  /// the result of this future's cancel().
  bool finish_visit(const std::string& message);

  /// Makes all forwarders count as not visited: one of them has run, or has
  /// taken a request back.
  static void forget_visits();

  /// Returns the index of the next awaited future, from 0 in each visit.
  std::size_t next_index() { return next_index_++; }
  /// Returns whether any of the awaited futures could be cancelled.
  bool is_forwarded() const { return is_forwarded_; }
  void set_forwarded() { is_forwarded_ = true; }
  /// Returns whether the walk may go on from this forwarder, and counts a
  /// revisit. Returns false if the forwarder has been visited before, and this
  /// walk has used up its kMaxRevisits.
  bool may_go_on() { return !is_revisited_ || revisits_left_-- > 0; }

 private:
  class Path;

  static constexpr int kMaxRevisits = 32;

  /// Returns the future that this is a part of.
  virtual FutureCore& forwarding_future() = 0;
  /// Returns the next forwarder that the request is for, or nullptr after the
  /// last. Cancels futures that have no forwarder, and then calls
  /// set_forwarded().
  virtual CancelForwarder* next_to_cancel(const std::string& message) = 0;
  /// Notes a request; for its fate see is_forwarded(). Returns the result of
  /// this future's cancel().
  virtual bool note_cancel(const std::string& message) = 0;
  /// If this is a task, wakes it with a CancelledError, because in a cycle of
  /// tasks no other code does. Otherwise returns false.
  virtual bool wake_in_cycle(const std::string& message) = 0;

  bool is_visited() const { return round_ == current_round_; }

  static constinit thread_local std::uint64_t current_round_;
  static constinit thread_local int revisits_left_;

  // Set when the forwarder is visited.
  CancelForwarder* previous_;  // On the path.
  std::size_t next_index_;
  bool is_forwarded_;
  bool is_revisited_;

  bool is_on_path_ = false;
  std::uint64_t round_ = 0;  // The round of the last visit.
};

}  // namespace loop

#endif  // LOOP_FUTURES_CANCEL_FORWARDER_H_
