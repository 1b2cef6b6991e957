// Functions that can be left in the middle, and entered again.

#ifndef LOOP_COROUTINES_GENERATOR_H_
#define LOOP_COROUTINES_GENERATOR_H_

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

#include "loop/coroutines/generator_exit.h"
#include "loop/coroutines/generator_frame.h"
#include "loop/coroutines/generator_promise.h"
#include "selectors/errors.h"

namespace loop {

// What calling a generator function gives: the call, which has not begun yet.
// Each next() lets it run to the next `co_yield`, and the last one to its end.
//
//   Generator<int> count_down(int n) {
//     while (n > 0) co_yield n--;
//   }
//   for (int n : count_down(10)) ...
//
// With Send, co_yield is an expression, too: what the caller sends. A generator
// that is only sent something yields void, with `co_yield {}`:
//
//   Generator<void, std::string> grep(std::string pattern) {
//     for (;;) {
//       const std::string line = co_yield {};
//       ...
//
// Threads: any, one at a time. Lifetime: the generator owns the call. Its
// parameters are copied into it: take them by value, as a reference may refer
// to what has gone when the body begins. A generator must not be destroyed by
// its own body, nor used when it was moved from.
//
// Yield and Send are objects; what is yielded is referred to where it stands
// while the body waits, and not copied.
//
// g++ 12 destroys twice what is made within a co_yield by `?:`, and temporary
// aggregates (classes without constructors); those are refused here. It does
// not accept initializer lists there. Name it first, and yield that.
//
// Differs from Python:
//   - A generator returns nothing, and neither does `yield from`.
//   - To destroy a generator is not to close() it. Destructors in the body run,
//     as `finally` does, but nothing is thrown there: where would it go, if the
//     body threw something else? Who relies on GeneratorExit calls close().
//   - There is no StopIteration: next() tells.
//
// Port of generators (PEP 255, PEP 342, PEP 380).
template <class Yield, class Send = void>
class [[nodiscard]] Generator {
  static_assert(std::same_as<Yield, std::remove_cvref_t<Yield>>);
  static_assert(std::same_as<Send, std::remove_cvref_t<Send>>);

 public:
  using promise_type = GeneratorPromise<Yield, Send>;

  // What was yielded, or nullopt at the end, Python's StopIteration. If it
  // yields void, whether it did.
  using Next =
      std::conditional_t<std::is_void_v<Yield>, bool, std::optional<Yield>>;
  using Sent = std::conditional_t<std::is_void_v<Send>, std::monostate, Send>;

  class Iterator;

  Generator(Generator&& other) noexcept
      : root_(std::exchange(other.root_, nullptr)) {}
  Generator& operator=(Generator&& other) noexcept {
    Generator(std::move(other)).swap(*this);
    return *this;
  }
  ~Generator() {
    if (root_ != nullptr) GeneratorFrame::destroy(root_);
  }

  // Runs to the next co_yield, which returns Send(): nullopt, Python's None, if
  // that is an optional. Throws what leaves the body, which ends it; ValueError
  // if it is running.
  Next next() {
    Sent none{};
    return result(root_->resume(&none));
  }

  // As next(), but co_yield returns `value`. One that waits at no co_yield yet
  // takes nothing but nullopt: call next() first.
  // Throws what next() throws; ValueError if it has not begun (Python's
  // TypeError), and nothing has happened then.
  Next send(Sent value) requires(!std::is_void_v<Send>) {
    if (root_->just_started() && !is_none(value)) {
      throw selectors::ValueError(
          "can't send non-None value to a just-started generator");
    }
    return result(root_->resume(std::addressof(value)));
  }

  // As next(), but co_yield throws `exception`: any object, or an exception_ptr
  // that is not empty (ValueError). One that has not begun, or has ended, has
  // nobody to catch it: then it is the caller who gets it.
  template <class Exception>
  Next throw_(Exception exception) {
    if constexpr (std::same_as<Exception, std::exception_ptr>) {
      if (!exception) throw selectors::ValueError("no exception to throw");
      return result(root_->throw_in(std::move(exception)));
    } else {
      return throw_(std::make_exception_ptr(std::move(exception)));
    }
  }

  // Ends it: co_yield throws GeneratorExit, which the body may catch, but not
  // in order to go on. Does nothing if it has ended; if it has not begun, it
  // never will. Parameters and the like live as long as the generator does.
  // Throws RuntimeError if it yields again; what else leaves the body;
  // ValueError if it is running.
  void close() { root_->close(); }

  // A range of what it has yet to yield, as next() does. begin() runs to the
  // first. Any number of loops may share it, one after the other. An element
  // is valid until the next ++ or next().
  Iterator begin() requires(!std::is_void_v<Yield>) {
    Iterator first(*this);
    return ++first;
  }
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

// An input iterator: there is but one position, that of the generator, which it
// must not outlive.
template <class Yield, class Send>
class Generator<Yield, Send>::Iterator {
 public:
  using value_type = Yield;
  using difference_type = std::ptrdiff_t;

  const Yield& operator*() const {
    return *static_cast<const Yield*>(root_->yielded());
  }
  const Yield* operator->() const { return &**this; }

  Iterator& operator++() {
    Sent none{};
    root_->resume(&none);
    return *this;
  }
  void operator++(int) { ++*this; }

  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) {
    return iterator.root_->yielded() == nullptr;
  }

 private:
  friend Generator;

  explicit Iterator(Generator& generator) : root_(generator.root_) {}

  GeneratorFrame* root_;
};

// `co_yield yield_from(generator)`: yields all that `generator` yields, in its
// place. What is sent or thrown in goes to it, and what leaves its body leaves
// this expression. Costs nothing for each element, however deep a recursion.
// Differs from Python: it takes the generator over, so it must be moved in.
// Port of `yield from` (PEP 380).
template <class Yield, class Send>
YieldFrom<Generator<Yield, Send>> yield_from(Generator<Yield, Send>&& from) {
  return YieldFrom<Generator<Yield, Send>>(std::move(from));
}
template <class Yield, class Send>
void yield_from(Generator<Yield, Send>& from) = delete;

// The same of any range, such as a container: refers to one that has a name,
// and keeps a temporary. What is sent is dropped.
template <std::ranges::input_range Range>
YieldFrom<Range> yield_from(Range&& from) {
  return YieldFrom<Range>(std::forward<Range>(from));
}

}  // namespace loop

#endif  // LOOP_COROUTINES_GENERATOR_H_
