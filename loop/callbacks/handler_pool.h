// Callbacks that run again and again: readers, writers, signal handlers.

#ifndef LOOP_CALLBACKS_HANDLER_POOL_H_
#define LOOP_CALLBACKS_HANDLER_POOL_H_

#include <cstdint>
#include <deque>
#include <utility>

#include "loop/callbacks/callback.h"

namespace loop {

struct Handler {
  Scheduled scheduled;
  std::uint64_t turn = 0;        // in which it was added
  Handler* next_free = nullptr;  // of those that are not in use
};

// Where handlers live. One that is running may be removed, by itself or by what
// it does; it is destroyed when it returns. Places are used again, so that once
// warm nothing is allocated.
class HandlerPool {
 public:
  /// Keeps a callback, until remove(). It is copied or moved, and so the user's
  /// code runs, which may add and remove others.
  /// Throws std::bad_alloc, and what making a Callback of it throws; then
  /// nothing has changed.
  template <class F>
  Handler& add(F&& callback, const SourceLocation& where) {
    if (free_ == nullptr) free_ = &handlers_.emplace_back();
    // Taken before the callback is copied or moved, which may add another.
    Taken taken{*this, std::exchange(free_, free_->next_free)};
    taken.handler->scheduled.emplace(std::forward<F>(callback), where);
    taken.handler->turn = turn_;
    return *std::exchange(taken.handler, nullptr);
  }

  // nullptr is fine. Runs the destructor of the callback, which may do
  // anything, so let nothing refer to `handler` any more.
  void remove(Handler* handler) {
    if (handler == nullptr) return;
    if (handler == running_) {
      running_ = nullptr;  // run() sees to the rest.
      return;
    }
    destroy(*handler);
  }

  // What is added from now on does not run in this turn: what the kernel said
  // at its beginning was not about them.
  void begin_iteration() { ++turn_; }
  bool runs_in_this_iteration(const Handler& handler) const {
    return handler.turn != turn_;
  }
  /// The number of the turn that was begun last, from 2 on.
  std::uint64_t turn() const { return turn_; }

  // Calls `call(handler.scheduled)`, which must not throw.
  template <class Call>
  void run(Handler& handler, Call call) {
    running_ = &handler;
    call(handler.scheduled);
    if (running_ == nullptr) [[unlikely]]
      destroy(handler);
    running_ = nullptr;
  }

 private:
  // A handler that is in no list; it becomes free again unless it is used.
  struct Taken {
    ~Taken() {
      if (handler == nullptr) return;
      handler->next_free = std::exchange(pool.free_, handler);
    }
    HandlerPool& pool;
    Handler* handler;
  };

  // Its place is not free before the callback is dead, whose destructor may add
  // another.
  void destroy(Handler& handler) {
    handler.scheduled.callback.reset();
    handler.next_free = std::exchange(free_, &handler);
  }

  std::deque<Handler> handlers_;  // Never moves what it holds.
  Handler* free_ = nullptr;
  Handler* running_ = nullptr;
  std::uint64_t turn_ = 2;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_HANDLER_POOL_H_
