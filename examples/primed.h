// A decorator for generators that are to be sent something.

#ifndef EXAMPLES_PRIMED_H_
#define EXAMPLES_PRIMED_H_

#include <functional>
#include <utility>

namespace examples {

// Returns a function that calls the generator function `function` and lets the
// generator run to its first co_yield, where it is ready to be sent something.
template <class Function>
auto primed(Function function) {
  return [function = std::move(function)](auto&&... args) {
    auto generator =
        std::invoke(function, std::forward<decltype(args)>(args)...);
    generator.next();
    return generator;
  };
}

}  // namespace examples

#endif  // EXAMPLES_PRIMED_H_
