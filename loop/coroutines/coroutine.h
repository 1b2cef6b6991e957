// What calling an `async def` gives.

#ifndef LOOP_COROUTINES_COROUTINE_H_
#define LOOP_COROUTINES_COROUTINE_H_

#include <concepts>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include "loop/callbacks/source_location.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/coroutine_frame.h"
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

  // Once it is done.
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

/// Destroys a coroutine that nobody has awaited, and reports that on standard
/// error. Its arguments may be further ones, however deep.
void destroy_never_awaited(OwnedFrame& frame) noexcept;

[[noreturn]] void throw_already_awaited();

}  // namespace coroutine_internal

// A function that can wait for others while it lets others run:
//
//   loop::Coroutine<std::string> greet(std::string name) {
//     co_await loop::sleep(1s);
//     co_return "Hello " + name;
//   }
//
// Calling it does nothing but keep the arguments: it runs when it is awaited,
// by another coroutine (`co_await greet("Ada")`), or when create_task() or
// run() makes a task of it. It can be awaited once. One that nobody has awaited
// says so on standard error when it dies.
//
// What a parameter refers to must live as long as the coroutine: with
// `co_await f(a)` everything does, but what create_task() gets should take its
// parameters by value. A lambda that captures is such a parameter, too: it has
// to outlive the coroutine that calling it made.
//
// T is what it returns: void, or a type that can be moved. (For a reference:
// a pointer, or std::reference_wrapper; for what is aligned to more than the
// size of two pointers: a std::unique_ptr.)
//
// Port of coroutine objects (PEP 492).
template <class T = void>
class [[nodiscard]] Coroutine {
 public:
  static_assert(!std::is_reference_v<T>, "return a pointer instead");
  using promise_type = coroutine_internal::Promise<T>;

  Coroutine(Coroutine&&) = default;
  Coroutine& operator=(Coroutine&& other) noexcept {
    const Coroutine old(std::move(*this));
    frame_ = std::move(other.frame_);
    return *this;
  }
  ~Coroutine() {
    if (frame_) [[unlikely]]
      coroutine_internal::destroy_never_awaited(frame_);
  }

  class Awaiter;

  // Takes the coroutine out of this object. Throws RuntimeError if somebody has
  // done so already.
  Awaiter operator co_await() { return Awaiter(release()); }

  // The same for who runs it otherwise.
  OwnedFrame release() {
    if (!frame_) [[unlikely]]
      coroutine_internal::throw_already_awaited();
    return std::move(frame_);
  }

  // The outcome of one that has returned.
  static Outcome<T>& outcome_of(Frame& frame) {
    return static_cast<promise_type&>(frame).outcome();
  }

 private:
  friend class coroutine_internal::PromiseBase<T>;
  explicit Coroutine(Frame& frame) : frame_(frame) {}

  OwnedFrame frame_;
};

// Calls it, and gives the caller what it returns or throws.
template <class T>
class Coroutine<T>::Awaiter {
 public:
  explicit Awaiter(OwnedFrame callee) : callee_(std::move(callee)) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;

  bool await_ready() const { return false; }
  template <std::derived_from<Frame> Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    Frame& frame = caller.promise();
    return frame.call_stack().call(frame, callee_);
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
