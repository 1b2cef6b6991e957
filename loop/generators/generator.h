// `Generator`: a function that is suspended at each `co_yield` and resumed
// later.

#ifndef LOOP_GENERATORS_GENERATOR_H_
#define LOOP_GENERATORS_GENERATOR_H_

#include <concepts>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <variant>

#include "loop/futures/exception_of.h"
#include "loop/generators/generator_exit.h"
#include "loop/generators/generator_frame.h"
#include "loop/generators/generator_promise.h"
#include "selectors/errors.h"

namespace loop {

/// The result of calling a generator function: a call that has not begun.
///
/// Each next() runs the body to the next `co_yield`, and the last one to its
/// end.
///
/// ```cpp
/// loop::Generator<int> count_down(int n) {
///   while (n > 0) co_yield n--;
/// }
/// for (int n : count_down(10)) std::printf("%d\n", n);
/// ```
///
/// With Send, `co_yield` is an expression whose value the caller sends. A
/// generator that only receives values yields void, with `co_yield {}`:
///
/// ```cpp
/// loop::Generator<void, std::string> grep(std::string pattern) {
///   for (;;) {
///     const std::string line = co_yield {};
///     if (line.find(pattern) != line.npos) std::puts(line.c_str());
///   }
/// }
/// ```
///
/// Threads: any, one at a time. Lifetime: the generator owns the call. The
/// parameters are copied into the call: take them by value, since a reference
/// may dangle by the time the body begins. The body must not destroy its own
/// generator, and a generator that was moved from must not be used.
///
/// Yield and Send are object types. A yielded object is not copied: the caller
/// refers to the original while the body is suspended.
///
/// g++ 12 destroys twice a temporary that `?:` creates in a `co_yield`
/// expression, and temporary aggregates (classes without constructors); the
/// aggregates are refused at compile time. It rejects initializer lists there.
/// Name the object first, and yield the name.
///
/// Differs from Python:
///   - A generator has no return value, and `yield from` has none either.
///   - Destroying a generator does not close() it. Destructors in the body run,
///     as `finally` does, but nothing is thrown into the body, because another
///     exception from it would have nowhere to go. Call close() if the body
///     relies on GeneratorExit.
///   - There is no StopIteration: the result of next() marks the end.
///
/// Port of generators (PEP 255, PEP 342, PEP 380).
template <class Yield, class Send = void>
class [[nodiscard]] Generator {
  static_assert(std::same_as<Yield, std::remove_cvref_t<Yield>>);
  static_assert(std::same_as<Send, std::remove_cvref_t<Send>>);

 public:
  using promise_type = GeneratorPromise<Yield, Send>;

  /// The yielded value, or nullopt at the end (Python's StopIteration). For a
  /// generator that yields void: whether it yielded.
  using Next =
      std::conditional_t<std::is_void_v<Yield>, bool, std::optional<Yield>>;
  /// The type that send() takes.
  using Sent = std::conditional_t<std::is_void_v<Send>, std::monostate, Send>;

  class Iterator;

  /// Takes over the call; `other` must not be used afterwards.
  Generator(Generator&& other) noexcept
      : root_(std::exchange(other.root_, nullptr)) {}
  /// Takes over the call of `other`, and destroys the old one.
  Generator& operator=(Generator&& other) noexcept {
    Generator(std::move(other)).swap(*this);
    return *this;
  }
  /// Destroys the call and its variables, without closing the generator.
  ~Generator() {
    if (root_ != nullptr) GeneratorFrame::destroy(root_);
  }

  /// Resumes the body until the next `co_yield`, and returns the yielded value.
  ///
  /// The pending `co_yield` expression evaluates to Send(): nullopt, Python's
  /// None, for an optional. Throws the exception that leaves the body, which
  /// ends the generator; ValueError if the generator is running.
  Next next() {
    Sent none{};
    return result(root_->resume(&none));
  }

  /// Resumes the body, where the pending `co_yield` evaluates to `value`, and
  /// returns the next yielded value.
  ///
  /// Throws the exception that leaves the body, which ends the generator;
  /// ValueError if the generator is running. A generator that has not begun
  /// accepts only nullopt: call next() first. Otherwise throws ValueError
  /// (Python's TypeError), with no effect.
  Next send(Sent value) requires(!std::is_void_v<Send>) {
    if (root_->just_started() && !is_none(value)) {
      throw selectors::ValueError(
          "can't send non-None value to a just-started generator");
    }
    return result(root_->resume(std::addressof(value)));
  }

  /// Resumes the body, where the pending `co_yield` throws `exception`, and
  /// returns the next yielded value.
  ///
  /// `exception` is any object, or a non-empty exception_ptr (ValueError). A
  /// reference to a base class stands for the exception that is being handled:
  /// see Future::set_exception(). Throws the exception that leaves the body,
  /// which ends the generator; ValueError if the generator is running. If the
  /// generator has not begun or has ended, `exception` is thrown to the caller.
  template <class Exception>
  Next throw_(Exception&& exception) {
    std::exception_ptr thrown =
        exception_of(std::forward<Exception>(exception));
    if (!thrown) throw selectors::ValueError("no exception to throw");
    return result(root_->throw_in(std::move(thrown)));
  }

  /// Ends the generator: the pending `co_yield` throws GeneratorExit.
  ///
  /// The body may catch GeneratorExit to clean up, but must not yield again.
  /// Has no effect on a generator that has ended; one that has not begun never
  /// begins. The parameters live as long as the generator. Throws RuntimeError
  /// if the body yields again; any other exception that leaves the body;
  /// ValueError if the generator is running.
  void close() { root_->close(); }

  /// Runs to the first value and returns an iterator over the remaining ones.
  ///
  /// Several loops may share a generator, one after another. An element is
  /// valid until the next `++` or next().
  Iterator begin() requires(!std::is_void_v<Yield>) {
    Iterator first(*this);
    return ++first;
  }
  /// Returns the end of the range.
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend promise_type;

  explicit Generator(promise_type& root) noexcept : root_(&root) {}

  void swap(Generator& other) noexcept { std::swap(root_, other.root_); }

  static bool is_none(const Sent& value) {
    if constexpr (requires { bool(value == std::nullopt); }) {
      return value == std::nullopt;
    } else {
      return false;
    }
  }

  Next result(bool yielded) {
    if constexpr (std::is_void_v<Yield>) {
      return yielded;
    } else {
      if (!yielded) return std::nullopt;
      return static_cast<const promise_type*>(root_)->take();
    }
  }

  GeneratorFrame* root_;
};

/// An input iterator over the values that a generator yields.
///
/// ```cpp
/// for (auto i = generator.begin(); i != generator.end(); ++i) use(*i);
/// ```
///
/// All iterators of a generator share one position. An iterator must not
/// outlive its generator.
template <class Yield, class Send>
class Generator<Yield, Send>::Iterator {
 public:
  using value_type = Yield;
  using difference_type = std::ptrdiff_t;

  /// Returns the current value, which is valid until the generator is resumed.
  const Yield& operator*() const {
    return *static_cast<const Yield*>(root_->yielded());
  }
  /// Returns the address of the current value.
  const Yield* operator->() const { return &**this; }

  /// Resumes the generator until its next value or its end. Throws the
  /// exception that leaves the body.
  Iterator& operator++() {
    Sent none{};
    root_->resume(&none);
    return *this;
  }
  /// Resumes the generator until its next value or its end.
  void operator++(int) { ++*this; }

  /// Returns whether the generator has ended.
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) {
    return iterator.root_->yielded() == nullptr;
  }

 private:
  friend Generator;

  explicit Iterator(Generator& generator) : root_(generator.root_) {}

  GeneratorFrame* root_;
};

/// `co_yield yield_from(generator)` yields all values of `generator`.
///
/// ```cpp
/// loop::Generator<int> twice(int n) {
///   co_yield loop::yield_from(count_down(n));
///   co_yield loop::yield_from(count_down(n));
/// }
/// ```
///
/// Values that are sent and exceptions that are thrown in go to `generator`. An
/// exception that leaves the body of `generator` leaves this expression. An
/// element costs the same at any depth of recursion.
///
/// Differs from Python: takes ownership of the generator, so move it in. Port
/// of `yield from` (PEP 380).
template <class Yield, class Send>
YieldFrom<Generator<Yield, Send>> yield_from(Generator<Yield, Send>&& from) {
  return YieldFrom<Generator<Yield, Send>>(std::move(from));
}
template <class Yield, class Send>
void yield_from(Generator<Yield, Send>& from) = delete;

/// `co_yield yield_from(range)` yields all elements of a range.
///
/// A named range is held by reference, a temporary one by value. Values that
/// are sent are dropped.
template <std::ranges::input_range Range>
YieldFrom<Range> yield_from(Range&& from) {
  return YieldFrom<Range>(std::forward<Range>(from));
}

}  // namespace loop

#endif  // LOOP_GENERATORS_GENERATOR_H_
