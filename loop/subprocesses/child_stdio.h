// `ChildStdio`: the standard streams of a process that is about to start.

#ifndef LOOP_SUBPROCESSES_CHILD_STDIO_H_
#define LOOP_SUBPROCESSES_CHILD_STDIO_H_

#include <array>
#include <cstddef>
#include <optional>

#include "loop/sockets/descriptor.h"
#include "loop/subprocesses/subprocess_options.h"

namespace loop {

// Opens the pipes. All descriptors are close-on-exec; those of the child have
// numbers above 2, so that the child can move them to 0, 1 and 2 one after the
// other without closing one that is still needed.
class ChildStdio {
 public:
  // Throws ValueError for an option that is no descriptor, and OSError if no
  // descriptor is left.
  explicit ChildStdio(const SubprocessOptions& options);

  // The source of a standard stream of the child: a descriptor, STDOUT, DEVNULL
  // or nullopt.
  std::optional<int> source(int stream) const { return sources_[at(stream)]; }

  // This program's end of a pipe, which is non-blocking; no descriptor for a
  // stream that is not PIPE.
  Descriptor& pipe_end(int stream) { return pipe_ends_[at(stream)]; }

 private:
  static std::size_t at(int stream) { return static_cast<std::size_t>(stream); }

  void prepare(int stream, std::optional<int> option);
  void open_pipe(int stream);
  void use(int stream, int fd);

  std::array<std::optional<int>, 3> sources_;
  std::array<Descriptor, 3> owned_;  // Ends of pipes, duplicates.
  std::array<Descriptor, 3> pipe_ends_;
};

}  // namespace loop

#endif  // LOOP_SUBPROCESSES_CHILD_STDIO_H_
