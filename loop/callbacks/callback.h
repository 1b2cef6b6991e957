// `Callback`: a closure that a loop runs, without the cost of std::function.

#ifndef LOOP_CALLBACKS_CALLBACK_H_
#define LOOP_CALLBACKS_CALLBACK_H_

#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "loop/callbacks/source_location.h"

namespace loop {

/// An owner of a callable object that takes no arguments; results are dropped.
///
/// Movable and not copyable, so that a closure may own objects that cannot be
/// copied. A callback that is empty or moved from must not be scheduled.
///
/// A closure of up to 48 bytes is stored in the object itself: six pointers, or
/// a `this`, a shared_ptr and a string_view. A larger closure is allocated, and
/// so is one whose move constructor may throw.
class Callback {
  static constexpr std::size_t kSize = 48;
  static constexpr std::size_t kAlignment = alignof(void*);

  template <class F>
  static constexpr bool fits() {
    return sizeof(F) <= kSize && alignof(F) <= kAlignment &&
           std::is_nothrow_move_constructible_v<F>;
  }

 public:
  /// Makes an empty callback.
  Callback() = default;

  /// Stores `function`. Throws the exceptions of its copy or move constructor,
  /// and std::bad_alloc if it has to be allocated.
  template <class F>
  requires(!std::same_as<std::decay_t<F>, Callback> &&
           std::invocable<std::decay_t<F>&>)
      Callback(F&& function) {  // NOLINT: implicit, as a lambda is a callback
    using Function = std::decay_t<F>;
    if constexpr (fits<Function>()) {
      put<Function>(std::forward<F>(function));
    } else {
      put<Boxed<Function>>(
          std::make_unique<Function>(std::forward<F>(function)));
    }
  }

  /// A callback that is empty or that pin() has been called for.
  struct Pinned {
    Callback& callback;
  };
  /// Moves from a pinned callback, which takes fewer instructions.
  explicit Callback(Pinned other) noexcept
      : operations_(std::exchange(other.callback.operations_, nullptr)) {
    std::memcpy(storage_, other.callback.storage_, kSize);
  }

  Callback(Callback&& other) noexcept { take(other); }
  Callback& operator=(Callback&& other) noexcept {
    // The old closure dies last: its destructor may do anything.
    Callback old(std::move(*this));
    take(other);
    return *this;
  }
  ~Callback() { reset(); }

  /// True if a callback can be made of an `F` in its final place: nothing that
  /// making it does can fail. Otherwise it is made elsewhere and moved there.
  template <class F>
  static constexpr bool kMadeInPlace =
      std::same_as<std::decay_t<F>, Callback>
          ? std::is_rvalue_reference_v<F&&>
          : fits<std::decay_t<F>>() &&
                std::is_nothrow_constructible_v<std::decay_t<F>, F>;

  /// True if making a callback of an `F` in its final place, and moving it from
  /// there, runs no code of the user's and cannot fail.
  template <class F>
  static constexpr bool kMadeOfBytes =
      kMadeInPlace<F>&& std::is_trivially_copyable_v<std::decay_t<F>>&&
          std::is_trivially_constructible_v<std::decay_t<F>, F>;

  /// Stores a closure in an empty callback, which is empty until the closure's
  /// constructor has returned.
  template <class F>
  void emplace(F&& function) {
    ::new (static_cast<void*>(this)) Callback(std::forward<F>(function));
  }

  /// Destroys the closure.
  void reset() {
    const Operations* const operations = std::exchange(operations_, nullptr);
    if (operations != nullptr && operations->destroy != nullptr) {
      operations->destroy(storage_);
    }
  }

  /// Makes sure that moving this callback runs no code of the user's, if need
  /// be by moving the closure to the heap now, once. Throws std::bad_alloc;
  /// then nothing has changed.
  void pin() {
    if (operations_ == nullptr || operations_->relocate == nullptr) return;
    auto boxed = std::make_unique<Callback>(std::move(*this));
    put<Boxed<Callback>>(std::move(boxed));  // NOLINT: fills it again.
  }

  /// Returns whether the closure is an `F`.
  template <class F>
  bool holds() const {
    return operations_ == &kOperations<F>;
  }

  /// Returns whether the destructor does nothing.
  bool is_trivially_destructible() const {
    return operations_ == nullptr || operations_->destroy == nullptr;
  }

  /// Returns whether there is a closure.
  explicit operator bool() const { return operations_ != nullptr; }

  /// Calls the closure, which can be called again.
  void operator()() { operations_->call(storage_); }

  /// Calls the closure and destroys it, whether it throws or not.
  void call_once() { std::exchange(operations_, nullptr)->call_once(storage_); }

 private:
  // The operations on a closure of erased type: a vtable.
  struct Operations {
    void (*call)(void* function);
    void (*call_once)(void* function);
    // nullptr: the closure is trivially destructible.
    void (*destroy)(void* function);
    // Move-constructs at `to` and destroys `from`. nullptr: copying the bytes
    // is enough.
    void (*relocate)(void* from, void* to);
  };

  template <class F>
  struct Boxed {
    explicit Boxed(std::unique_ptr<F> f) : function(std::move(f)) {}
    void operator()() { (*function)(); }
    std::unique_ptr<F> function;
  };

  // A box is a pointer, which may be copied as bytes.
  template <class F>
  static constexpr bool is_box(const Boxed<F>*) {
    return true;
  }
  static constexpr bool is_box(const void*) { return false; }
  template <class F>
  static constexpr bool kMovesAsBytes = std::is_trivially_copyable_v<F> ||
                                        is_box(static_cast<F*>(nullptr));

  template <class F>
  static F& as(void* function) {
    return *std::launder(static_cast<F*>(function));
  }
  template <class F>
  static void call_it(void* function) {
    static_cast<void>(as<F>(function)());
  }
  template <class F>
  static void destroy_it(void* function) {
    as<F>(function).~F();
  }
  template <class F>
  static void call_once_it(void* function) {
    struct Destroyer {
      ~Destroyer() { f.~F(); }
      F& f;
    };
    const Destroyer destroyer{as<F>(function)};
    static_cast<void>(destroyer.f());
  }
  template <class F>
  static void relocate_it(void* from, void* to) {
    F& old = as<F>(from);
    ::new (to) F(std::move(old));
    old.~F();
  }

  template <class F>
  static constexpr Operations kOperations = {
      call_it<F>, call_once_it<F>,
      std::is_trivially_destructible_v<F> ? nullptr : destroy_it<F>,
      kMovesAsBytes<F> ? nullptr : relocate_it<F>};

  template <class F, class Argument>
  void put(Argument&& argument) {
    // Tells the compiler that all bytes are initialized, without an
    // instruction: take() also copies the bytes behind the closure, which is
    // harmless, but g++ -O2 -Wall warns of it in every user's code.
    asm("" : "=m"(storage_));
    ::new (static_cast<void*>(storage_)) F(std::forward<Argument>(argument));
    operations_ = &kOperations<F>;
  }

  // Precondition: this is empty. It stays empty until the closure has arrived,
  // as its move constructor may do anything.
  void take(Callback& other) noexcept {
    const Operations* const operations =
        std::exchange(other.operations_, nullptr);
    if (operations == nullptr) return;
    if (operations->relocate == nullptr) {
      std::memcpy(storage_, other.storage_, kSize);
    } else {
      operations->relocate(other.storage_, storage_);
    }
    operations_ = operations;
  }

  const Operations* operations_ = nullptr;
  alignas(kAlignment) std::byte storage_[kSize];
};

// A callback, and the place in the program where it was scheduled.
struct Scheduled {
  template <class F>
  Scheduled(F&& function, const SourceLocation& place)
      : callback(std::forward<F>(function)), where(place) {
    assert(callback);  // An empty one cannot be called.
  }
  Scheduled() = default;

  // Stores a closure in an empty one.
  template <class F>
  void emplace(F&& function, const SourceLocation& place) {
    callback.emplace(std::forward<F>(function));
    assert(callback);
    where = place;
  }

  bool is_trivially_destructible() const {
    return callback.is_trivially_destructible();
  }

  Callback callback;
  SourceLocation where;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_CALLBACK_H_
