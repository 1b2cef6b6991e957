// What gather() is made of, but for the types of the results.

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
// Nobody need keep the outer one. A child does that until it is done, and only
// from then on is it kept itself: if each owned the other, a child that is
// never done would never die. One that dies so counts as cancelled.
//
// Port of the inner functions of asyncio.gather, and of _GatheringFuture
// (CPython 3.15, Lib/asyncio/tasks.py).
class GatherCore : public CancelForwarder {
 public:
  class Child final : public DoneCallback {
   public:
    // For one that is done: its exception, which is a CancelledError if it was
    // cancelled, or nullptr. Nobody else has to ask for it then.
    std::exception_ptr exception() const;

    // For one that is done: hands it over.
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

  // Each child in turn, when somebody holds the outer future.
  void watch(FutureCore& child);
  // After the last. The outer future may be done now.
  void all_are_watched();

 protected:
  GatherCore(FutureCore& outer, std::size_t size, bool return_exceptions)
      : outer_(outer), children_(size), return_exceptions_(return_exceptions) {}
  ~GatherCore() = default;

  // Makes a result of those of the children, all of which are done.
  virtual void collect() = 0;
  std::vector<Child>& children() { return children_; }

  // Of FutureCore, while the outer future is pending.
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
  bool is_decided_ = false;  // What becomes of the outer future.
  std::optional<std::string> cancel_message_;  // Of who has cancelled it.
};

}  // namespace loop

#endif  // LOOP_TASKS_GATHER_CORE_H_
