// `Awaitable` and `AwaitResult`: the types that `co_await` accepts, and its
// result, by the rules of C++.

#ifndef LOOP_COROUTINES_AWAITER_OF_H_
#define LOOP_COROUTINES_AWAITER_OF_H_

#include <utility>

namespace loop {

// Returns the awaiter of an operand of `co_await`: the result of its operator
// co_await, or else the operand itself.
template <class A>
decltype(auto) awaiter_of(A&& awaitable) {
  if constexpr (requires { std::forward<A>(awaitable).operator co_await(); }) {
    return std::forward<A>(awaitable).operator co_await();
  } else if constexpr (requires {
                         operator co_await(std::forward<A>(awaitable));
                       }) {
    return operator co_await(std::forward<A>(awaitable));
  } else {
    return std::forward<A>(awaitable);
  }
}

/// The type of `co_await awaitable` for an `awaitable` of type A.
template <class A>
using AwaitResult = decltype(awaiter_of(std::declval<A>()).await_resume());

/// A type that `co_await` accepts.
template <class A>
concept Awaitable = requires {
  typename AwaitResult<A>;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_AWAITER_OF_H_
