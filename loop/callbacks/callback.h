// What a loop runs: a closure, without the cost of std::function.

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

// Owns anything that can be called without arguments. What it returns is
// dropped. Moved, not copied, so that a closure may own what cannot be copied.
// One that is empty, or was moved from, must not be scheduled.
//
// A closure of up to 48 bytes stands in the object itself: six pointers, or a
// `this`, a shared_ptr and a string_view. A larger one is allocated, and so is
// one that may throw when it is moved.
class Callback {
 public:
  Callback() = default;

  // Throws what copying or moving `function` throws, and std::bad_alloc if it
  // has to be allocated.
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

  Callback(Callback&& other) noexcept { take(other); }
  Callback& operator=(Callback&& other) noexcept {
    // The old closure dies last: its destructor may do anything.
    Callback old(std::move(*this));
    take(other);
    return *this;
  }
  ~Callback() { reset(); }

  // Puts another closure where none is.
  template <class F>
  void emplace(F&& function) {
    ::new (static_cast<void*>(this)) Callback(std::forward<F>(function));
  }

  // Destroys the closure.
  void reset() {
    const Operations* const operations = std::exchange(operations_, nullptr);
    if (operations != nullptr && operations->destroy != nullptr) {
      operations->destroy(storage_);
    }
  }

  // Does nothing happen when it dies?
  bool dies_silently() const {
    return operations_ == nullptr || operations_->destroy == nullptr;
  }

  // Is there something to call?
  explicit operator bool() const { return operations_ != nullptr; }

  // Calls it, and it can be called again.
  void operator()() { operations_->call(storage_); }

  // Calls it for the last time, and destroys it, whether it throws or not.
  void consume() { std::exchange(operations_, nullptr)->consume(storage_); }

 private:
  static constexpr std::size_t kSize = 48;
  static constexpr std::size_t kAlignment = alignof(void*);

  // What is known of a closure when its type is forgotten: a vtable.
  struct Operations {
    void (*call)(void* function);
    void (*consume)(void* function);
    // nullptr: there is nothing to do.
    void (*destroy)(void* function);
    // Moves it to where nothing is, and destroys the old one. nullptr: copying
    // the bytes will do.
    void (*relocate)(void* from, void* to);
  };

  template <class F>
  struct Boxed {
    explicit Boxed(std::unique_ptr<F> f) : function(std::move(f)) {}
    void operator()() { (*function)(); }
    std::unique_ptr<F> function;
  };

  template <class F>
  static constexpr bool fits() {
    return sizeof(F) <= kSize && alignof(F) <= kAlignment &&
           std::is_nothrow_move_constructible_v<F>;
  }

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
  static void consume_it(void* function) {
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
      call_it<F>, consume_it<F>,
      std::is_trivially_destructible_v<F> ? nullptr : destroy_it<F>,
      std::is_trivially_copyable_v<F> ? nullptr : relocate_it<F>};

  template <class F, class Argument>
  void put(Argument&& argument) {
    // Says to the compiler that all bytes have been written, with no
    // instruction: take() copies also those that are none of the closure's, and
    // that is fine, but g++ warns whoever compiles it with -O2 and -Wall.
    asm("" : "=m"(storage_));
    ::new (static_cast<void*>(storage_)) F(std::forward<Argument>(argument));
    operations_ = &kOperations<F>;
  }

  // This must be empty.
  void take(Callback& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ == nullptr) return;
    if (operations_->relocate == nullptr) {
      std::memcpy(storage_, other.storage_, kSize);
    } else {
      operations_->relocate(other.storage_, storage_);
    }
  }

  const Operations* operations_ = nullptr;
  alignas(kAlignment) std::byte storage_[kSize];
};

// A callback, and where in the program it was scheduled.
struct Scheduled {
  template <class F>
  Scheduled(F&& function, const SourceLocation& place)
      : callback(std::forward<F>(function)), where(place) {
    assert(callback);  // An empty one cannot be called.
  }
  Scheduled() = default;

  // Puts another in the place of an empty one.
  template <class F>
  void emplace(F&& function, const SourceLocation& place) {
    callback.emplace(std::forward<F>(function));
    assert(callback);
    where = place;
  }

  bool dies_silently() const { return callback.dies_silently(); }

  Callback callback;
  SourceLocation where;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_CALLBACK_H_
