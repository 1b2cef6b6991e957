// `LibraryCall`, `tracing`: the trace of SELECTORS_TRACE=1, which shows the
// system calls that each library call makes.
//
//   EpollSelector.register_(fd 5, READ)
//     epoll_ctl(3, ADD, 5, IN 5#1) = 0 [1.1 us]
//   EpollSelector.select(100 ms)
//     epoll_pwait2(3, [IN 5#1], 16, 100 ms) = 1 [2.3 us]
//
// To compare three ways of asking the same question, run one program with
// SELECTORS_BACKEND=select, poll and epoll. Lines go to standard error, each in
// one piece; the calls of one thread appear in their order.

#ifndef SELECTORS_KERNEL_TRACE_H_
#define SELECTORS_KERNEL_TRACE_H_

#include <string>

namespace selectors {

/// Whether SELECTORS_TRACE was set, to something other than "" and "0", when
/// the program started.
extern const bool tracing;

/// A library call in the trace: the system calls made during its life are
/// indented under it.
///
/// ```cpp
/// const LibraryCall trace([] { return std::string("Resolver.lookup()"); });
/// ```
class LibraryCall {
 public:
  /// Begins the call. `describe` returns its line, and runs only if there is a
  /// trace.
  template <class Describe>
  explicit LibraryCall(Describe describe) {
    if (tracing) [[unlikely]]
      begin(describe());
  }
  LibraryCall(const LibraryCall&) = delete;
  LibraryCall& operator=(const LibraryCall&) = delete;
  /// Ends the call.
  ~LibraryCall() {
    if (tracing) [[unlikely]]
      end();
  }

 private:
  static void begin(const std::string& line);
  static void end();
};

}  // namespace selectors

#endif  // SELECTORS_KERNEL_TRACE_H_
