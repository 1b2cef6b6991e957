// `AsyncGenerator`: a generator whose body may `co_await`.

#ifndef LOOP_GENERATORS_ASYNC_GENERATOR_H_
#define LOOP_GENERATORS_ASYNC_GENERATOR_H_

#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "loop/callbacks/source_location.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/coroutine_frame.h"
#include "loop/coroutines/frame_awaiter.h"

namespace loop {

namespace async_generator_internal {
[[noreturn]] void throw_already_running();
}  // namespace async_generator_internal

/// The result of calling an `async def` that contains `yield`.
///
/// ```cpp
/// loop::AsyncGenerator<int> ticks(int n) {
///   for (int i = 0; i < n; ++i) {
///     co_await loop::sleep(1s);
///     co_yield i;
///   }
/// }
/// auto generator = ticks(10);
/// while (const auto tick = co_await generator.next()) use(*tick);
/// ```
///
/// The body runs in the task that awaits next(), from one `co_yield` to the
/// next, and its exceptions are thrown there. The generator owns its frame:
/// destroying the generator destroys the variables of the body, wherever it is
/// suspended.
///
/// T is movable and not a reference. Values are moved, not copied.
/// Threads: the loop's thread only.
///
/// Port of asynchronous generators (PEP 525).
/// Differs from Python: there is no asend(), athrow() and aclose(), since
/// destructors clean up without waiting; and no `async for`, but the loop
/// above.
template <class T>
class [[nodiscard]] AsyncGenerator {
 public:
  static_assert(!std::is_reference_v<T>, "yield a pointer instead");
  class promise_type;
  class Next;

  /// Takes over the frame; the other generator is left empty.
  AsyncGenerator(AsyncGenerator&&) noexcept = default;
  /// Takes over the frame, and destroys the old one.
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    const AsyncGenerator old(std::move(*this));
    frame_ = std::move(other.frame_);
    return *this;
  }
  /// Destroys the body and its variables, wherever it is suspended.
  ~AsyncGenerator() {
    if (frame_) frame_.destroy_nested();
  }

  /// `co_await next()` runs the body until it yields, and returns the value.
  ///
  /// Returns nullopt if the body has ended. Throws the exception that leaves
  /// the body, which ends the generator; RuntimeError if the body is running
  /// for another task. The generator must not be moved or destroyed meanwhile.
  /// Port of anext().
  Next next() { return Next(*this); }

 private:
  explicit AsyncGenerator(Frame& frame) : frame_(frame) {}

  OwnedFrame frame_;
};

template <class T>
class AsyncGenerator<T>::promise_type : public CoroutineFrame {
 public:
  static_assert(kFitsInFrame<T>, "yield a std::unique_ptr instead");

  AsyncGenerator get_return_object(
      SourceLocation where = SourceLocation::current(),
      const char* function = __builtin_FUNCTION()) {
    init(*this, where, function);
    return AsyncGenerator(*this);
  }

  // Returns to the caller, which takes the value, like final_suspend().
  template <std::convertible_to<T> Value = T>
  FinalAwaiter yield_value(Value&& value) {
    value_.emplace(std::forward<Value>(value));
    is_running_ = false;
    return final_suspend();
  }
  void return_void() { is_running_ = false; }
  void unhandled_exception() noexcept {
    is_running_ = false;
    exception_ = std::current_exception();
  }

  void begin() {
    if (is_running_) async_generator_internal::throw_already_running();
    is_running_ = true;
  }
  std::optional<T> take() {
    if (exception_) {
      std::rethrow_exception(std::exchange(exception_, nullptr));
    }
    return std::exchange(value_, std::nullopt);
  }

 private:
  std::optional<T> value_;
  std::exception_ptr exception_;
  bool is_running_ = false;
};

/// The result of AsyncGenerator::next(), an operand for `co_await`.
template <class T>
class [[nodiscard]] AsyncGenerator<T>::Next
    : public FrameAwaiter<typename AsyncGenerator<T>::Next> {
 public:
  /// Refers to `generator`, which must outlive this object.
  explicit Next(AsyncGenerator& generator) : generator_(generator) {}

  // If the loop was closed while the body was suspended, the frame is
  // destroyed.
  bool await_ready() const {
    return !generator_.frame_ || generator_.frame_->done();
  }
  /// Calls the body. Returns whether `caller` is suspended.
  bool suspend(Frame& caller) {
    promise().begin();
    return caller.call_stack().call(caller, generator_.frame_);
  }
  std::optional<T> await_resume() {
    return generator_.frame_ ? promise().take() : std::nullopt;
  }

 private:
  promise_type& promise() {
    return static_cast<promise_type&>(*generator_.frame_);
  }

  AsyncGenerator& generator_;
};

}  // namespace loop

#endif  // LOOP_GENERATORS_ASYNC_GENERATOR_H_
