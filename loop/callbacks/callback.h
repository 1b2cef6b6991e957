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
/// ```cpp
/// loop::Callback callback = [line = std::move(line)] { print(line); };
/// callback();            // Can be called again.
/// callback.call_once();  // Destroys the closure.
/// ```
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
  /// and std::bad_alloc when out of memory, if `function` must be allocated.
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

  /// A reference to a callback that is empty, or for which pin() was called.
  struct Pinned {
    Callback& callback;  ///< The callback that is referred to.
  };
  /// Moves the closure of a pinned callback, as bytes, and leaves the callback
  /// empty.
  explicit Callback(Pinned other) noexcept
      : operations_(std::exchange(other.callback.operations_, nullptr)) {
    std::memcpy(storage_, other.callback.storage_, kSize);
  }

  /// Moves the closure of `other`, which is empty afterwards.
  Callback(Callback&& other) noexcept { take(other); }
  /// Replaces the closure by that of `other`, which is empty afterwards. The
  /// old closure is destroyed last.
  Callback& operator=(Callback&& other) noexcept {
    // Last, as the destructor of the old closure may do anything.
    Callback old(std::move(*this));
    take(other);
    return *this;
  }
  /// Destroys the closure.
  ~Callback() { reset(); }

  /// Whether a callback of an `F` can be constructed at its final address,
  /// because the construction cannot fail. Otherwise the callback is
  /// constructed elsewhere and moved.
  template <class F>
  static constexpr bool kMadeInPlace =
      std::same_as<std::decay_t<F>, Callback>
          ? std::is_rvalue_reference_v<F&&>
          : fits<std::decay_t<F>>() &&
                std::is_nothrow_constructible_v<std::decay_t<F>, F>;

  /// Whether constructing a callback of an `F` at its final address, and moving
  /// the callback from there, runs no user code and cannot fail.
  template <class F>
  static constexpr bool kMadeOfBytes =
      kMadeInPlace<F>&& std::is_trivially_copyable_v<std::decay_t<F>>&&
          std::is_trivially_constructible_v<std::decay_t<F>, F>;

  /// Stores a closure in this callback, which must be empty, and stays empty
  /// until the closure's constructor has returned.
  template <class F>
  void emplace(F&& function) {
    ::new (static_cast<void*>(this)) Callback(std::forward<F>(function));
  }

  /// Destroys the closure, if there is one, and makes the callback empty.
  void reset() {
    const Operations* const operations = std::exchange(operations_, nullptr);
    if (operations != nullptr && operations->destroy != nullptr) {
      operations->destroy(storage_);
    }
  }

  /// Ensures that moving this callback runs no user code, if necessary by
  /// moving the closure to the heap, once. Throws std::bad_alloc; then nothing
  /// has changed.
  void pin() {
    if (operations_ == nullptr || operations_->relocate == nullptr) return;
    auto boxed = std::make_unique<Callback>(std::move(*this));
    put<Boxed<Callback>>(std::move(boxed));  // NOLINT: refills *this.
  }

  /// Returns whether the closure is an `F`.
  template <class F>
  bool holds() const {
    return operations_ == &kOperations<F>;
  }

  /// Returns the closure if it is a small `F`, and nullptr otherwise.
  template <class F>
  requires(fits<F>()) F* get_if() {
    return holds<F>() ? &as<F>(storage_) : nullptr;
  }

  /// Returns whether the callback is empty or its closure trivially
  /// destructible.
  bool is_trivially_destructible() const {
    return operations_ == nullptr || operations_->destroy == nullptr;
  }

  /// Returns whether there is a closure.
  explicit operator bool() const { return operations_ != nullptr; }

  /// Calls the closure, which can be called again. There must be a closure.
  void operator()() { operations_->call(storage_); }

  /// Calls the closure and destroys it, whether the call throws or not. There
  /// must be a closure.
  void call_once() { std::exchange(operations_, nullptr)->call_once(storage_); }

 private:
  // The operations on a closure of erased type: a vtable.
  struct Operations {
    void (*call)(void* function);
    void (*call_once)(void* function);
    // Destroys the closure. nullptr: it is trivially destructible.
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

  // A box holds only a pointer, so a box can be moved as bytes.
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
    old.~F();  // NOLINT: a moved-from object is destroyed, too.
  }

  template <class F>
  static constexpr Operations kOperations = {
      call_it<F>, call_once_it<F>,
      std::is_trivially_destructible_v<F> ? nullptr : destroy_it<F>,
      kMovesAsBytes<F> ? nullptr : relocate_it<F>};

  template <class F, class Argument>
  void put(Argument&& argument) {
    // Marks all bytes as initialized, without an instruction. take() also
    // copies the bytes behind the closure, which is harmless, but g++ -O2 -Wall
    // would warn about the copy in every user's code.
    asm("" : "=m"(storage_));
    ::new (static_cast<void*>(storage_)) F(std::forward<Argument>(argument));
    operations_ = &kOperations<F>;
  }

  // Moves the closure of `other` into this callback, which must be empty, and
  // stays empty until the move constructor, which may do anything, has
  // returned.
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

/// A callback, and the source location where it was scheduled.
struct Scheduled {
  /// Makes a callback of `function`, which must not be an empty Callback.
  /// Throws the exceptions of Callback's constructor.
  template <class F>
  Scheduled(F&& function, const SourceLocation& place)
      : callback(std::forward<F>(function)), where(place) {
    assert(callback);  // An empty callback cannot be called.
  }
  /// Makes an empty callback without a location.
  Scheduled() = default;

  /// Stores a closure and its location. The callback must be empty.
  template <class F>
  void emplace(F&& function, const SourceLocation& place) {
    callback.emplace(std::forward<F>(function));
    assert(callback);
    where = place;
  }

  /// Returns whether the callback is empty or its closure trivially
  /// destructible.
  bool is_trivially_destructible() const {
    return callback.is_trivially_destructible();
  }

  Callback callback;
  SourceLocation where;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_CALLBACK_H_
