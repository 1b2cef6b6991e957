// `FutureCore`, `FutureState<T>`: the state that the handles of one future
// share.

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
#include "loop/futures/reference.h"

namespace loop {

class CancelForwarder;

// The part of a future that does not depend on the type of the result. The
// handles are counted without atomic operations, as only the loop's thread uses
// a future.
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

  // These implement the functions of these names of Future<T>. A derived class
  // may cancel other futures instead: those that it waits for.
  EventLoop& get_loop() const;
  virtual bool cancel(std::string message);
  // Returns the part that forwards a request to cancel this future; nullptr if
  // cancel() ends the future itself.
  virtual CancelForwarder* cancel_forwarder() { return nullptr; }
  void set_exception(std::exception_ptr exception);
  std::exception_ptr exception();

  // Called before a result is stored. Throws InvalidStateError if the future is
  // done or a StoringResult exists, RuntimeError if it is a task, which sets
  // its result itself.
  void check_pending(const char* function) const;
  // Exists while a result is constructed. If its constructor calls set_result()
  // or set_exception() of this future, that call throws InvalidStateError:
  // otherwise set_result() would make two objects in one place.
  class StoringResult {
   public:
    explicit StoringResult(FutureCore& core) : core_(core) {
      core.is_storing_ = true;
    }
    StoringResult(const StoringResult&) = delete;
    StoringResult& operator=(const StoringResult&) = delete;
    ~StoringResult() { core_.is_storing_ = false; }

   private:
    FutureCore& core_;
  };
  // Called after a result has been stored: makes the future done.
  void set_finished() { finish(Phase::kFinished); }
  // Makes the future done with an exception. The caller has checked that the
  // future is pending.
  void finish_with(std::exception_ptr exception);
  // Makes the future cancelled, with its cancel message or with a
  // CancelledError that was thrown. The caller has checked that the future is
  // pending.
  void finish_cancelled(std::exception_ptr exception = nullptr) {
    exception_ = std::move(exception);
    finish(Phase::kCancelled);
  }

  // Removes all callbacks and calls their on_gone(), as the future will never
  // be done.
  void drop_callbacks() {
    while (!callbacks_.empty()) callbacks_.pop_front().on_gone();
  }

  // Sets the message of the CancelledError. A task that is asked to cancel
  // itself keeps the message here until then.
  void set_cancel_message(std::string message) {
    cancel_message_ = message.empty()
                          ? nullptr
                          : std::make_unique<std::string>(std::move(message));
  }
  std::string cancel_message() const {
    return cancel_message_ ? *cancel_message_ : "";
  }
  // Called before the result is read: throws the error of a future without a
  // result.
  void check_result() {
    if (checked_) [[unlikely]]
      check_thread("result");
    if (phase_ != Phase::kFinished || exception_) [[unlikely]]
      throw_no_result();
  }

  // Calls on_done() of `callback` when the future is done, or at once if it
  // already is: see DoneCallback. `callback` must not be in another future's
  // list.
  void add_done_callback(DoneCallback& callback);
  // Adds `callback` without checks; for a task of this loop. The future must be
  // pending.
  void add_waiting(DoneCallback& callback) {
    assert(!done());
    callbacks_.push_back(callback);
  }
  // For shield(), while the future is pending: if the future gets an exception,
  // reports it to the exception handler; once, however often this is called.
  void report_exception_later();

  // In debug mode, throws RuntimeError in a wrong thread.
  void check_thread(const char* function) const;
  // Called before a handle is copied. Throws RuntimeError in a wrong thread if
  // the future was made in debug mode, as handles are counted without atomic
  // operations.
  void check_copy() const {
    if (checked_) [[unlikely]]
      check_thread("copying a Future");
  }

  // Returns the source location at which the future was made.
  const SourceLocation& where() const { return where_; }
  const LoopReference& loop_reference() const { return loop_; }

  // Calls f with each future that must be done before this one can be; for
  // displays of the wait graph.
  virtual void for_each_awaited(const std::function<void(FutureCore&)>&) {}

  // Called before the result is moved out. If there are other handles, their
  // result() throws InvalidStateError from now on.
  void hand_over() noexcept {
    if (!is_only_reference()) phase_ = Phase::kHandedOver;
  }

  // Returns whether there is no other handle.
  bool is_only_reference() const { return references_ == 1; }

  // For Reference.
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) destroy();
  }

 protected:
  enum class Kind : std::uint8_t { kFuture, kTask };

  // `kind`: for a task, set_result() and set_exception() throw, as a task sets
  // its result itself.
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
    kHandedOver,  // Finished, and its result was moved out.
  };

  void finish(Phase phase);
  void destroy() noexcept;
  [[noreturn]] void throw_cancelled() const;
  [[noreturn]] void throw_no_result();
  void report_unretrieved() const noexcept;

  std::uint32_t references_ = 0;
  Phase phase_ = Phase::kPending;
  const Kind kind_;
  bool unretrieved_ = false;
  bool is_storing_ = false;         // See StoringResult.
  bool reports_exception_ = false;  // See report_exception_later().
  const bool checked_;              // Made in debug mode.
  const LoopReference loop_;
  const SourceLocation where_;
  std::exception_ptr exception_;
  std::unique_ptr<std::string> cancel_message_;  // nullptr: empty, as mostly.
  DoneCallbackList callbacks_;
};

// The type in which a result is stored: T, or std::monostate for void.
template <class T>
using StoredResult = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
struct FutureState : FutureCore {
  using FutureCore::FutureCore;
  std::optional<StoredResult<T>> result;
};

}  // namespace loop

#endif  // LOOP_FUTURES_FUTURE_CORE_H_
