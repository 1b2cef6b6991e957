// `take_result()`: returns the result of a future, moved if no other handle
// needs it, and copied otherwise.

#ifndef LOOP_FUTURES_TAKE_RESULT_H_
#define LOOP_FUTURES_TAKE_RESULT_H_

#include <concepts>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

namespace loop {

template <class T>
class Future;

// Whether T can be copied. std::is_copy_constructible is true for a vector even
// if its elements cannot be copied.
template <class T>
inline constexpr bool kCopyable = std::is_copy_constructible_v<T>;
template <std::ranges::range T>
requires(!std::same_as<std::ranges::range_value_t<T>,
                       T>) inline constexpr bool kCopyable<T> =
    std::is_copy_constructible_v<T> && kCopyable<std::ranges::range_value_t<T>>;
template <class... T>
inline constexpr bool kCopyable<std::tuple<T...>> = (kCopyable<T> && ...);

// Whether T can certainly be copied. For a class of the user's own,
// std::is_copy_constructible may be true although a member cannot be copied.
template <class T>
inline constexpr bool kSurelyCopyable = !std::is_class_v<T>;
template <class T>
requires(std::is_trivially_copy_constructible_v<
         T>) inline constexpr bool kSurelyCopyable<T> = true;
template <std::ranges::range T>
requires(!std::is_trivially_copy_constructible_v<T> &&
         !std::same_as<std::ranges::range_value_t<T>,
                       T>) inline constexpr bool kSurelyCopyable<T> =
    kCopyable<T> && kSurelyCopyable<std::ranges::range_value_t<T>>;
template <class T>
inline constexpr bool kSurelyCopyable<std::shared_ptr<T>> = true;

// Returns the result of `future`, which must be done, or throws the exception
// that its result() throws. `kIsGivenUp`: the caller gives up its handle, so T
// is copied only if there are other handles and T can certainly be copied: see
// also FutureCore::hand_over().
template <bool kIsGivenUp, class T>
T take_result(const Future<T>& future) {
  if constexpr (std::is_void_v<T>) {
    future.result();
  } else if constexpr (kIsGivenUp ? kSurelyCopyable<T> : kCopyable<T>) {
    T& result = future.result();
    if (future.state().is_only_reference()) return std::move(result);
    // An error here: the caller keeps the future, for a second waiter, and T
    // cannot be copied. Await a temporary, or std::move(future).
    return result;
  } else {
    T& result = future.result();
    if constexpr (kIsGivenUp) future.state().hand_over();
    return std::move(result);
  }
}

}  // namespace loop

#endif  // LOOP_FUTURES_TAKE_RESULT_H_
