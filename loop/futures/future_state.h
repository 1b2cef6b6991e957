// What the handles of one future share, but for the result itself.

#ifndef LOOP_FUTURES_FUTURE_STATE_H_
#define LOOP_FUTURES_FUTURE_STATE_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"

namespace loop {

// Counts its handles without atomic operations: like all that belongs to a
// loop, a future is used by the loop's thread only.
class FutureState {
 public:
  // A callback that waits for the future to be done.
  class DoneCallback {
   public:
    virtual ~DoneCallback() = default;
    virtual void operator()(FutureState& state) = 0;
    std::uint64_t id = 0;
  };

  FutureState(EventLoop& event_loop, SourceLocation where)
      : loop_(event_loop.reference()), where_(where) {}
  FutureState(const FutureState&) = delete;
  FutureState& operator=(const FutureState&) = delete;
  virtual ~FutureState();  // Reports an exception that nobody retrieved.

  bool done() const { return phase_ != Phase::kPending; }
  bool cancelled() const { return phase_ == Phase::kCancelled; }

  // For Future<T>, whose functions of the same names say what these do.
  EventLoop& get_loop() const;
  bool cancel(std::string message);
  void set_exception(std::exception_ptr exception);
  std::exception_ptr exception();
  std::uint64_t add_done_callback(std::unique_ptr<DoneCallback> callback);
  std::size_t remove_done_callback(std::uint64_t id);

  // Before a result is put in. Throws InvalidStateError if it is done.
  void check_pending(const char* function) const;
  // After it has been.
  void set_finished() { finish(Phase::kFinished); }
  // Before it is looked at: throws what a future without a result throws.
  void check_result();

 private:
  template <class T>
  friend class Reference;
  enum class Phase : std::uint8_t { kPending, kCancelled, kFinished };

  void check_thread(const char* function) const;
  void finish(Phase phase);
  void schedule(std::unique_ptr<DoneCallback> callback);

  std::uint32_t references_ = 0;
  Phase phase_ = Phase::kPending;
  bool unretrieved_ = false;
  LoopReference loop_;
  SourceLocation where_;
  std::exception_ptr exception_;
  std::string cancel_message_;
  std::vector<std::unique_ptr<DoneCallback>> callbacks_;
  std::uint64_t last_id_ = 0;
};

// A counted pointer to a FutureState, or to what is derived from one.
template <class T>
class Reference {
 public:
  explicit Reference(T* state) noexcept : state_(state) {
    ++state_->references_;
  }
  Reference(const Reference& other) noexcept : Reference(other.state_) {}
  Reference(Reference&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)) {}
  Reference& operator=(Reference other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Reference() {
    if (state_ != nullptr && --state_->references_ == 0) delete state_;
  }

  T* get() const { return state_; }
  T* operator->() const { return state_; }
  T& operator*() const { return *state_; }

 private:
  T* state_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_FUTURE_STATE_H_
