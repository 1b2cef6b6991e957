// `GeneratorExit`: the exception that asks a generator to end.

#ifndef LOOP_GENERATORS_GENERATOR_EXIT_H_
#define LOOP_GENERATORS_GENERATOR_EXIT_H_

namespace loop {

/// The exception that Generator::close() throws into the body.
///
/// ```cpp
/// try {
///   for (;;) co_yield next_line();
/// } catch (const loop::GeneratorExit&) {
///   write_summary();
///   throw;
/// }
/// ```
///
/// Not derived from std::exception, as Python's is not derived from Exception,
/// so that an error handler in the body does not catch it and continue to
/// yield. Port of GeneratorExit (PEP 342).
class GeneratorExit {
 public:
  /// Returns "GeneratorExit".
  const char* what() const { return "GeneratorExit"; }
};

}  // namespace loop

#endif  // LOOP_GENERATORS_GENERATOR_EXIT_H_
