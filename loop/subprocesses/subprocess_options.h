// `SubprocessOptions`: the options of create_subprocess_exec() and
// create_subprocess_shell().

#ifndef LOOP_SUBPROCESSES_SUBPROCESS_OPTIONS_H_
#define LOOP_SUBPROCESSES_SUBPROCESS_OPTIONS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "loop/streams/stream_reader.h"

namespace loop {

/// Connects a standard stream of a new process to a pipe, whose other end is a
/// stream of Process. Port of asyncio.subprocess.PIPE.
inline constexpr int PIPE = -1;
/// Connects the standard error of a new process to its standard output. Port of
/// asyncio.subprocess.STDOUT.
inline constexpr int STDOUT = -2;
/// Connects a standard stream of a new process to /dev/null. Port of
/// asyncio.subprocess.DEVNULL.
inline constexpr int DEVNULL = -3;

/// The options of create_subprocess_exec() and create_subprocess_shell().
///
/// ```cpp
/// auto process = loop::create_subprocess_exec(
///     "make", {"-j2"}, {.stdout_ = loop::PIPE, .stderr_ = loop::STDOUT});
/// ```
///
/// The standard streams have an underscore, because `stdin` is a macro. Each is
/// PIPE, DEVNULL or an open descriptor, which the caller keeps; nullopt leaves
/// the stream of this program to the new process.
struct SubprocessOptions {
  /// The standard input.
  std::optional<int> stdin_ = {};
  /// The standard output.
  std::optional<int> stdout_ = {};
  /// The standard error. STDOUT stands for the standard output of the process.
  std::optional<int> stderr_ = {};
  /// The directory in which the program starts; "" is that of this program.
  std::string cwd = {};
  /// The environment, whole; nullopt is that of this program. Name the map
  /// first: `const std::map<std::string, std::string> env = {{"LANG", "C"}};`.
  std::optional<std::map<std::string, std::string>> env = {};
  /// Makes the process the leader of a new session, without a terminal: Ctrl-C
  /// does not reach it.
  bool start_new_session = false;
  /// The longest line, in bytes, that the readers of PIPE accept; 1 or more.
  /// See StreamReader.
  std::size_t limit = StreamReader::kDefaultLimit;
};

}  // namespace loop

#endif  // LOOP_SUBPROCESSES_SUBPROCESS_OPTIONS_H_
