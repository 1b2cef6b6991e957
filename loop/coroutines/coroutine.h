// `Coroutine<T>`: the result of calling an `async def`.

#ifndef LOOP_COROUTINES_COROUTINE_H_
#define LOOP_COROUTINES_COROUTINE_H_

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

#include "loop/callbacks/source_location.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/coroutine_frame.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/futures/outcome.h"

namespace loop {

template <class T>
class Coroutine;

namespace coroutine_internal {

template <class T>
class PromiseBase : public CoroutineFrame {
 public:
  static_assert(kFitsInFrame<T>, "return a std::unique_ptr instead");

  Coroutine<T> get_return_object(
      SourceLocation where = SourceLocation::current(),
      const char* function = __builtin_FUNCTION());

  void unhandled_exception() noexcept {
    outcome_.set_exception(std::current_exception());
  }

  // Returns the outcome of the coroutine, which is done.
  Outcome<T>& outcome() { return outcome_; }

 protected:
  Outcome<T> outcome_;
};

template <class T>
class Promise : public PromiseBase<T> {
 public:
  template <std::convertible_to<T> Value = T>
  void return_value(Value&& value) {
    this->outcome_.set_value(std::forward<Value>(value));
  }
};

template <>
class Promise<void> : public PromiseBase<void> {
 public:
  void return_void() { outcome_.set_value(); }
};

/// Destroys a coroutine that was never awaited, and reports that on standard
/// error. Its arguments may be such coroutines in turn, however deep.
void destroy_never_awaited(OwnedFrame& frame) noexcept;

[[noreturn]] void throw_already_awaited();

}  // namespace coroutine_internal

/// A function that can wait while other tasks run.
///
/// ```cpp
/// loop::Coroutine<std::string> greet(std::string name) {
///   co_await loop::sleep(1s);
///   co_return "Hello " + name;
/// }
/// ```
///
/// A call only stores the arguments. The body runs when the coroutine is
/// awaited by another one (`co_await greet("Ada")`), or when create_task() or
/// run() makes a task of it. A coroutine can be awaited once. A coroutine that
/// was never awaited is reported on standard error when it is destroyed.
///
/// Objects that a parameter refers to must live as long as the coroutine. With
/// `co_await f(a)` they do, but a coroutine for create_task() should take its
/// parameters by value. A capturing lambda is such an object, too: it must
/// outlive the coroutine that it returns.
///
/// T is the result: void, or a movable type. (For a reference, return a pointer
/// or std::reference_wrapper; for a type that is aligned to more than the size
/// of two pointers, a std::unique_ptr.)
///
/// Port of coroutine objects (PEP 492).
template <class T = void>
class [[nodiscard]] Coroutine {
 public:
  static_assert(!std::is_reference_v<T>, "return a pointer instead");
  using promise_type = coroutine_internal::Promise<T>;

  /// Takes over the coroutine; the other object is left empty.
  Coroutine(Coroutine&&) noexcept = default;
  /// Takes over the coroutine, and destroys the old one.
  Coroutine& operator=(Coroutine&& other) noexcept {
    const Coroutine old(std::move(*this));
    frame_ = std::move(other.frame_);
    return *this;
  }
  /// Destroys the coroutine. Reports it on standard error if it was never
  /// awaited.
  ~Coroutine() {
    if (frame_) [[unlikely]]
      coroutine_internal::destroy_never_awaited(frame_);
  }

  /// Returns the location of the coroutine's function; an unknown one if the
  /// coroutine was awaited.
  SourceLocation where() const {
    return frame_ ? frame_->where() : SourceLocation();
  }

  class Awaiter;

  /// Moves the coroutine out of this object and runs it to its end: `co_await`
  /// returns its result or throws its exception. Throws RuntimeError if the
  /// coroutine was awaited before.
  Awaiter operator co_await() { return Awaiter(release()); }

  /// Moves the frame out of this object, for code that runs the coroutine
  /// without `co_await`. Throws RuntimeError if that was done before.
  OwnedFrame release() {
    if (!frame_) [[unlikely]]
      coroutine_internal::throw_already_awaited();
    return std::move(frame_);
  }

  /// Returns the outcome of a coroutine that has returned.
  static Outcome<T>& outcome_of(Frame& frame) {
    return static_cast<promise_type&>(frame).outcome();
  }

 private:
  friend class coroutine_internal::PromiseBase<T>;
  explicit Coroutine(Frame& frame) : frame_(frame) {}

  OwnedFrame frame_;
};

// The awaiter of a coroutine: calls it, and returns its result to the caller or
// throws its exception.
template <class T>
class Coroutine<T>::Awaiter
    : public FrameAwaiter<typename Coroutine<T>::Awaiter> {
 public:
  explicit Awaiter(OwnedFrame callee) : callee_(std::move(callee)) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;

  bool await_ready() const { return false; }
  bool suspend(Frame& caller) {
    return caller.call_stack().call(caller, callee_);
  }
  T await_resume() { return std::move(outcome_of(*callee_)).value(); }

 private:
  OwnedFrame callee_;
};

template <class T>
Coroutine<T> coroutine_internal::PromiseBase<T>::get_return_object(
    SourceLocation where, const char* function) {
  this->init(static_cast<Promise<T>&>(*this), where, function);
  return Coroutine<T>(*this);
}

}  // namespace loop

#endif  // LOOP_COROUTINES_COROUTINE_H_
