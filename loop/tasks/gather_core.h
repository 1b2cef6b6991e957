// `GatherCore`: the part of gather() that does not depend on the types of the
// results.

#ifndef LOOP_TASKS_GATHER_CORE_H_
#define LOOP_TASKS_GATHER_CORE_H_

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/futures/cancel_forwarder.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"

namespace loop {

// A future, the outer one, that is done when several others are: its children.
//
// The outer future needs no other owner: each child keeps it alive until that
// child is done. Only from then on does the outer future own the child: if each
// owned the other, a child that is never done would never be destroyed. A child
// that is destroyed while pending counts as cancelled.
//
// Port of the inner functions of asyncio.gather, and of _GatheringFuture
// (CPython 3.15, Lib/asyncio/tasks.py).
class GatherCore : public CancelForwarder {
 public:
  class Child final : public DoneCallback {
   public:
    // Returns the exception of a child that is done: a CancelledError if the
    // child was cancelled, nullptr if it has a result. The exception then
    // counts as retrieved.
    std::exception_ptr exception() const;

    // Hands over the future of a child that is done.
    template <class T>
    Future<T> take() {
      const Reference<FutureCore> future = *std::exchange(done_, {});
      return Future<T>(Reference(static_cast<FutureState<T>*>(future.get())));
    }

   private:
    friend class GatherCore;

    void on_done(FutureCore& future) override;
    void on_gone() override;

    GatherCore* core_ = nullptr;
    FutureCore* pending_ = nullptr;
    std::optional<Reference<FutureCore>> done_;
  };

  // Adds a child; called for each in order, while a handle keeps the outer
  // future.
  void watch(FutureCore& child);
  // Called after the last watch(). The outer future may be done then.
  void all_are_watched();

 protected:
  GatherCore(FutureCore& outer, std::size_t size, bool return_exceptions)
      : outer_(outer), children_(size), return_exceptions_(return_exceptions) {}
  ~GatherCore() = default;

  // Makes the result of the outer future from the results of the children, all
  // of which are done.
  virtual void collect() = 0;
  std::vector<Child>& children() { return children_; }

  // Implement functions of FutureCore while the outer future is pending.
  bool cancel_children(const std::string& message);
  void for_each_pending(const std::function<void(FutureCore&)>& f) const;

 private:
  FutureCore& forwarding_future() override { return outer_; }
  CancelForwarder* next_to_cancel(const std::string& message) override;
  bool note_cancel(const std::string& message) override;
  bool wake_in_cycle(const std::string&) override { return false; }

  void child_is_done(Child& child);
  void settle(Child& last);

  FutureCore& outer_;
  std::vector<Child> children_;
  const bool return_exceptions_;
  std::size_t watched_ = 0;
  std::size_t finished_ = 0;
  bool is_starting_ = true;
  bool is_decided_ = false;  // The outcome of the outer future is known.
  std::optional<std::string> cancel_message_;  // Of the last cancel().
};

}  // namespace loop

#endif  // LOOP_TASKS_GATHER_CORE_H_
