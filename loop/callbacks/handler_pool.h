// `HandlerPool`: the storage of readers, writers and signal handlers.

#ifndef LOOP_CALLBACKS_HANDLER_POOL_H_
#define LOOP_CALLBACKS_HANDLER_POOL_H_

#include <cstdint>
#include <deque>
#include <utility>

#include "loop/callbacks/callback.h"

namespace loop {

/// A callback that may run many times.
struct Handler {
  /// The callback, and where it was registered.
  Scheduled scheduled;
  /// The number of the iteration in which the handler was added.
  std::uint64_t added_in = 0;
  /// The next handler in the list of unused ones.
  Handler* next_free = nullptr;
};

/// The owner of all handlers of a loop. A handler may be removed while it runs,
/// and is destroyed when it returns. The memory of removed handlers is reused,
/// so that a warm pool allocates nothing. For the loop's thread only.
class HandlerPool {
 public:
  /// Stores a callback until remove(). Copying or moving the callback runs user
  /// code, which may add and remove other handlers.
  /// Throws std::bad_alloc, and the exceptions of making the Callback; then
  /// nothing has changed.
  template <class F>
  Handler& add(F&& callback, const SourceLocation& where) {
    if (free_ == nullptr) free_ = &handlers_.emplace_back();
    // Taken first, as copying or moving the callback may add another handler.
    Taken taken{*this, std::exchange(free_, free_->next_free)};
    taken.handler->scheduled.emplace(std::forward<F>(callback), where);
    taken.handler->added_in = iteration_;
    return *std::exchange(taken.handler, nullptr);
  }

  /// Removes a handler, or does nothing for nullptr. Runs the destructor of the
  /// callback, which may do anything: the caller must not hold a reference to
  /// `handler`.
  void remove(Handler* handler) {
    if (handler == nullptr) return;
    if (handler == running_) {
      running_ = nullptr;  // run() destroys the handler.
      return;
    }
    destroy(*handler);
  }

  /// Begins an iteration. Handlers that are added from now on do not run in
  /// this iteration, because the kernel's report was made before them.
  void begin_iteration() { ++iteration_; }
  /// Returns whether `handler` was added before this iteration began.
  bool runs_in_this_iteration(const Handler& handler) const {
    return handler.added_in != iteration_;
  }
  /// Returns the number of the iteration that began last; 2 before the first.
  std::uint64_t iteration() const { return iteration_; }

  /// Runs a handler with call(handler.scheduled), which must not throw.
  /// Destroys the handler afterwards if it was removed by that call.
  template <class Call>
  void run(Handler& handler, Call call) {
    running_ = &handler;
    call(handler.scheduled);
    if (running_ == nullptr) [[unlikely]]
      destroy(handler);
    running_ = nullptr;
  }

 private:
  // A handler that is in no list. The destructor frees the handler again,
  // unless the member is nullptr.
  struct Taken {
    ~Taken() {
      if (handler == nullptr) return;
      handler->next_free = std::exchange(pool.free_, handler);
    }
    HandlerPool& pool;
    Handler* handler;
  };

  // Destroys a handler. Its memory is free only after the destructor of the
  // callback, which may add another handler.
  void destroy(Handler& handler) {
    handler.scheduled.callback.reset();
    handler.next_free = std::exchange(free_, &handler);
  }

  std::deque<Handler> handlers_;  // Does not move its elements.
  Handler* free_ = nullptr;
  Handler* running_ = nullptr;
  std::uint64_t iteration_ = 2;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_HANDLER_POOL_H_
