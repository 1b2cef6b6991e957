// SELECTORS_TRACE=1: what each library call asks of the kernel.
//
//   EpollSelector.register_(fd 5, READ)
//     epoll_ctl(3, ADD, 5, IN 5#1) = 0 [1.1 us]
//   EpollSelector.select(100 ms)
//     epoll_pwait2(3, [IN 5#1], 16, 100 ms) = 1 [2.3 us]
//
// Run the same program with SELECTORS_BACKEND=select, poll and epoll, and see
// three ways of asking the same question. Lines go to standard error, each in
// one piece; calls of one thread stand in their order.

#ifndef SELECTORS_KERNEL_TRACE_H_
#define SELECTORS_KERNEL_TRACE_H_

#include <string>

namespace selectors {

// Was SELECTORS_TRACE set, to something other than "" and "0", at the start?
extern const bool tracing;

// A library call, for the trace: the system calls that are made while it lives
// stand indented under it. `describe` returns its line, and runs only if there
// is a trace.
class LibraryCall {
 public:
  template <class Describe>
  explicit LibraryCall(Describe describe) {
    if (tracing) [[unlikely]]
      begin(describe());
  }
  LibraryCall(const LibraryCall&) = delete;
  LibraryCall& operator=(const LibraryCall&) = delete;
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
