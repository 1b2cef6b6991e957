// What `co_await` makes of its operand, as C++ has it.

#ifndef LOOP_COROUTINES_AWAITER_OF_H_
#define LOOP_COROUTINES_AWAITER_OF_H_

#include <utility>

namespace loop {

// The awaiter: what operator co_await gives, or else the operand itself.
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

// What `co_await awaitable` returns.
template <class A>
using AwaitResult = decltype(awaiter_of(std::declval<A>()).await_resume());

template <class A>
concept Awaitable = requires {
  typename AwaitResult<A>;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_AWAITER_OF_H_
