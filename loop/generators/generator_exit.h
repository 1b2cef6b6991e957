// `GeneratorExit`: the exception that asks a generator to end.

#ifndef LOOP_GENERATORS_GENERATOR_EXIT_H_
#define LOOP_GENERATORS_GENERATOR_EXIT_H_

namespace loop {

/// The exception that Generator::close() throws into the body.
///
/// Not derived from std::exception, as Python's is not derived from Exception,
/// so that a handler of errors does not swallow it and yield on.
/// Port of GeneratorExit (PEP 342).
class GeneratorExit {
 public:
  /// Returns "GeneratorExit".
  const char* what() const { return "GeneratorExit"; }
};

}  // namespace loop

#endif  // LOOP_GENERATORS_GENERATOR_EXIT_H_
