// `GeneratorPromise`: the promise type of generators, and yield_from().

#ifndef LOOP_GENERATORS_GENERATOR_PROMISE_H_
#define LOOP_GENERATORS_GENERATOR_PROMISE_H_

#include <concepts>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "loop/generators/generator_frame.h"

namespace loop {

template <class Yield, class Send>
class Generator;

/// The result of yield_from(), an operand for `co_yield`.
///
/// ```cpp
/// co_yield loop::yield_from(count_down(3));
/// ```
template <class From>
class YieldFrom {
 public:
  /// Holds `source`; use yield_from().
  explicit YieldFrom(From source) : from(std::forward<From>(source)) {}
  From from;  ///< The generator or range.
};

// The promise of a generator: the functions that the compiler calls at each
// step of the body.
template <class Yield, class Send>
class GeneratorPromise : public GeneratorFrame {
  using Self = Generator<Yield, Send>;
  using Value =
      std::conditional_t<std::is_void_v<Yield>, std::monostate, Yield>;

  static constexpr bool kCopyable = std::copy_constructible<Value>;
  static constexpr bool kDestroyedTwice =
      std::is_aggregate_v<Value> && !std::is_trivially_destructible_v<Value>;

 public:
  GeneratorPromise()
      : GeneratorFrame(
            std::coroutine_handle<GeneratorPromise>::from_promise(*this)) {}

  Self get_return_object() noexcept { return Self(*this); }
  auto initial_suspend() noexcept { return Start(*this); }
  auto final_suspend() noexcept {
    end();
    return std::suspend_always();
  }
  void return_void() noexcept {}
  void unhandled_exception() noexcept { fail(); }

  auto yield_value(const Value& value) noexcept requires(kCopyable) {
    yield(&value, /*temporary=*/false);
    return Resumption(*this);
  }
  auto yield_value(Value&& value) noexcept {
    yield(&value, /*temporary=*/true);
    return Resumption(*this);
  }
  void yield_value(Value&& name_it_first) requires(kDestroyedTwice) = delete;

  auto yield_value(YieldFrom<Self>&& inner) noexcept {
    return Delegation(*this, std::move(inner.from));
  }
  template <class Range>
  auto yield_value(YieldFrom<Range>&& range) {
    return Delegation(*this,
                      elements_of<Range>(std::forward<Range>(range.from)));
  }

  // Forbids co_await: a generator cannot wait, as nothing would resume it.
  template <class Awaitable>
  void await_transform(Awaitable&&) = delete;

  // Returns the yielded value: moved if it is a temporary, else copied if
  // possible. Called on the root.
  std::optional<Value> take() const {
    auto& value = *static_cast<const Value*>(yielded());
    if constexpr (kCopyable) {
      if (!temporary()) return value;
    }
    return std::move(const_cast<Value&>(value));
  }

 private:
  // The suspension before the first line of the body.
  class Start : public std::suspend_always {
   public:
    explicit Start(GeneratorPromise& frame) : frame_(frame) {}
    void await_resume() const { frame_.sent(); }

   private:
    GeneratorPromise& frame_;
  };

  // The suspension at a co_yield.
  class Resumption : public std::suspend_always {
   public:
    explicit Resumption(GeneratorPromise& frame) : frame_(frame) {}
    Send await_resume() const {
      void* const sent = frame_.sent();
      if constexpr (!std::is_void_v<Send>) {
        return std::move(*static_cast<Send*>(sent));
      }
    }

   private:
    GeneratorPromise& frame_;
  };

  // The suspension at a co_yield yield_from().
  class Delegation : public std::suspend_always {
   public:
    Delegation(GeneratorPromise& frame, Self inner)
        : frame_(frame), inner_(std::move(inner)) {}
    bool await_suspend(std::coroutine_handle<>) noexcept {
      return frame_.delegate_to(inner_.root_);
    }
    void await_resume() const { frame_.sent(); }

   private:
    GeneratorPromise& frame_;
    Self inner_;
  };

  template <class Range>
  static Self elements_of(Range range) {
    for (auto&& element : range) {
      co_yield std::forward<decltype(element)>(element);
    }
  }
};

}  // namespace loop

#endif  // LOOP_GENERATORS_GENERATOR_PROMISE_H_
