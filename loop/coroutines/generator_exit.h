// What tells a generator that nobody wants more of it.

#ifndef LOOP_COROUTINES_GENERATOR_EXIT_H_
#define LOOP_COROUTINES_GENERATOR_EXIT_H_

namespace loop {

// What close() throws into a generator, where it stands. Not derived from
// std::exception, as Python's is not from Exception: who catches what went
// wrong must not take it for that, and yield on.
// Port of GeneratorExit (PEP 342).
class GeneratorExit {
 public:
  const char* what() const { return "GeneratorExit"; }
};

}  // namespace loop

#endif  // LOOP_COROUTINES_GENERATOR_EXIT_H_
