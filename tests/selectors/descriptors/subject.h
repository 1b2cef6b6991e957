// `Subject`: a descriptor in a certain state, with functions that make one.

#ifndef TESTS_SELECTORS_DESCRIPTORS_SUBJECT_H_
#define TESTS_SELECTORS_DESCRIPTORS_SUBJECT_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/files.h"

namespace descriptors {

using tests::File;

/// The exception of a maker of descriptors on a machine that has no such kind.
/// The test is then skipped with this reason.
struct Absent {
  std::string reason;
};

/// Returns `result`, or throws Absent with the errno if it is negative.
int have(int result, const char* call);

/// A descriptor in a state, with all objects that keep this state.
struct Subject {
  explicit Subject(File file) { files.push_back(std::move(file)); }
  Subject(File file, File other) : Subject(std::move(file)) {
    files.push_back(std::move(other));
  }

  int fd() const { return number >= 0 ? number : files.front().fileno(); }

  /// Runs `function` when the subject is destroyed, before its files are
  /// closed.
  void at_end(std::function<void()> function);

  std::vector<File> files;  // The first is the descriptor that is watched.
  int number = -1;          // If >= 0, watched instead; not an open descriptor.
  /// The action of a reader when the descriptor is reported: one read(),
  /// accept(). Returns the number of bytes, 0 at the end, -1 with errno.
  std::function<ssize_t()> take;
  /// The action of a writer, with the result of write().
  std::function<ssize_t()> give;
  /// Lets something new arrive.
  std::function<void()> more;
  std::vector<std::shared_ptr<void>> ends;
};

/// A child process, which the destructor kills and reaps.
class Process {
 public:
  explicit Process(const std::function<void()>& function);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    kill();
    reap();
  }
  pid_t pid() const { return pid_; }
  void kill() const;
  void await_end() const;  // The process is a zombie then.
  void reap();
  /// Waits for the process to end; throws Absent unless it exits with 0.
  void expect_success(const char* what);

 private:
  pid_t pid_;
};

void set_nonblocking(int fd);
void put(int fd, std::string_view bytes);

/// Writes until the descriptor takes no more.
void fill(int fd);

/// Waits until poll(2) reports one of `events`, which may include POLLHUP and
/// POLLERR. Throws Absent after 5 seconds.
void await(int fd, short events);

/// Opens a path, O_NONBLOCK; throws Absent.
File open_path(const char* path, int flags);

}  // namespace descriptors

#endif  // TESTS_SELECTORS_DESCRIPTORS_SUBJECT_H_
