// `primed()`: a decorator for generators that receive values with send().

#ifndef EXAMPLES_PRIMED_H_
#define EXAMPLES_PRIMED_H_

#include <functional>
#include <utility>

namespace examples {

/// Returns a function that calls the generator function `function` and runs the
/// generator to its first co_yield, where the generator is ready for send().
///
/// ```cpp
/// const auto grep = primed(unprimed_grep);
/// ```
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
