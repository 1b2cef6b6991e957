// What the handles of one future share, but for the result itself.

#ifndef LOOP_FUTURES_FUTURE_CORE_H_
#define LOOP_FUTURES_FUTURE_CORE_H_

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/recycled_memory.h"

namespace loop {

class CancelForwarder;

// Counts its handles without atomic operations: like all that belongs to a
// loop, a future is used by the loop's thread only.
class FutureCore : public Recycled {
 public:
  FutureCore(EventLoop& event_loop, SourceLocation where)
      : FutureCore(event_loop, where, Kind::kFuture) {}
  FutureCore(const FutureCore&) = delete;
  FutureCore& operator=(const FutureCore&) = delete;
  virtual ~FutureCore() {
    drop_callbacks();
    if (unretrieved_) [[unlikely]]
      report_unretrieved();
  }

  bool done() const { return phase_ != Phase::kPending; }
  bool cancelled() const { return phase_ == Phase::kCancelled; }

  // For Future<T>, whose functions of the same names say what these do. What
  // is derived from it may cancel something else instead: what it waits for.
  EventLoop& get_loop() const;
  virtual bool cancel(std::string message);
  /// Returns the part that forwards a request to cancel this future; nullptr if
  /// cancel() ends the future itself.
  virtual CancelForwarder* cancel_forwarder() { return nullptr; }
  void set_exception(std::exception_ptr exception);
  std::exception_ptr exception();

  // Before a result is put in. Throws InvalidStateError if it is done,
  // RuntimeError if it sets itself.
  void check_pending(const char* function) const;
  // After it has been.
  void set_finished() { finish(Phase::kFinished); }
  // The other two ends, for who has made sure that it is pending.
  void finish_with(std::exception_ptr exception);
  void finish_cancelled() { finish(Phase::kCancelled); }

  // It will never be done: tells the callbacks that it is gone.
  void drop_callbacks() {
    while (!callbacks_.empty()) callbacks_.pop_front().on_gone();
  }

  // Of its CancelledError. A task that is told to cancel itself notes it here
  // until it has.
  void set_cancel_message(std::string message) {
    cancel_message_ = std::move(message);
  }
  const std::string& cancel_message() const { return cancel_message_; }
  // Before it is looked at: throws what a future without a result throws.
  void check_result() {
    if (checked_) [[unlikely]]
      check_thread("result");
    if (phase_ != Phase::kFinished || exception_) [[unlikely]]
      throw_no_result();
  }

  // Has `callback` called when it is done, or at once if it is: see there. It
  // must not be in another future's list.
  void add_done_callback(DoneCallback& callback);
  // The same for a task of this loop, if the future is pending.
  void add_waiting(DoneCallback& callback) {
    assert(!done());
    callbacks_.push_back(callback);
  }
  // For shield(), while it is pending: has its exception, if it gets one,
  // reported to the exception handler; once, however often this is called.
  void report_exception_later();

  // In debug mode: throws RuntimeError in a wrong thread.
  void check_thread(const char* function) const;
  /// Before a handle is copied: checks the thread of a future that was made in
  /// debug mode, as its handles are counted without atomic operations.
  void check_copy() const {
    if (checked_) [[unlikely]]
      check_thread("copying a Future");
  }

  // Where it was made.
  const SourceLocation& where() const { return where_; }
  const LoopReference& loop_reference() const { return loop_; }

  // Calls f with each future that has to be done before this one can be, for
  // pictures of who waits for whom.
  virtual void for_each_awaited(const std::function<void(FutureCore&)>&) {}

  // Its result is about to be moved elsewhere. If there are other handles,
  // those who ask for it later get an InvalidStateError.
  void hand_over() noexcept {
    if (!is_only_reference()) phase_ = Phase::kHandedOver;
  }

  // Has nobody else a handle?
  bool is_only_reference() const { return references_ == 1; }

  // For Reference.
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) destroy();
  }

 protected:
  enum class Kind : std::uint8_t { kFuture, kTask };

  // A task sets itself: for others set_result() and set_exception() throw.
  FutureCore(EventLoop& event_loop, SourceLocation where, Kind kind)
      : kind_(kind),
        checked_(event_loop.get_debug()),
        loop_(event_loop.reference()),
        where_(where) {}

 private:
  enum class Phase : std::uint8_t {
    kPending,
    kCancelled,
    kFinished,
    kHandedOver,  // Finished, and its result is elsewhere.
  };

  void finish(Phase phase);
  void destroy() noexcept;
  [[noreturn]] void throw_no_result();
  void report_unretrieved() const;

  std::uint32_t references_ = 0;
  Phase phase_ = Phase::kPending;
  const Kind kind_;
  bool unretrieved_ = false;
  bool reports_exception_ = false;  // See report_exception_later().
  const bool checked_;              // Made in debug mode.
  const LoopReference loop_;
  const SourceLocation where_;
  std::exception_ptr exception_;
  std::string cancel_message_;
  DoneCallbackList callbacks_;
};

// With the result. That of void is a monostate.
template <class T>
using StoredResult = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
struct FutureState : FutureCore {
  using FutureCore::FutureCore;
  std::optional<StoredResult<T>> result;
};

// A counted pointer to a FutureCore, or to what is derived from one.
template <class T>
class Reference {
 public:
  explicit Reference(T* state) noexcept : state_(state) { state_->retain(); }
  Reference(const Reference& other) noexcept : Reference(other.state_) {}
  Reference(Reference&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)) {}
  Reference& operator=(Reference other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  // clang-tidy does not see that others are counted.
  // NOLINTBEGIN(clang-analyzer-cplusplus.NewDelete)
  ~Reference() {
    if (state_ != nullptr) state_->release();
  }

  T* get() const { return state_; }
  T* operator->() const { return state_; }
  T& operator*() const { return *state_; }
  // NOLINTEND(clang-analyzer-cplusplus.NewDelete)

 private:
  T* state_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_FUTURE_CORE_H_
