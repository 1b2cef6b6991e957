// A descriptor in a certain state, and how to make one.

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

/// Thrown by what makes a descriptor on a machine that has no such kind; the
/// test is then skipped with this reason.
struct Absent {
  std::string reason;
};

/// Returns `result`, or throws Absent with the errno if it is negative.
int have(int result, const char* call);

/// A descriptor in a state, and all that has to live for it to stay in it.
struct Subject {
  explicit Subject(File file) { files.push_back(std::move(file)); }
  Subject(File file, File other) : Subject(std::move(file)) {
    files.push_back(std::move(other));
  }

  int fd() const { return number >= 0 ? number : files.front().fileno(); }

  /// Runs `function` when the subject dies, before its files are closed.
  void at_end(std::function<void()> function);

  std::vector<File> files;  // The first is the descriptor that is watched.
  int number = -1;          // Or this, which is not open.
  /// What a reader does when the descriptor is reported: one read(), accept().
  /// Returns what it got, 0 at the end, -1 with errno.
  std::function<ssize_t()> take;
  /// What a writer does; returns as write().
  std::function<ssize_t()> give;
  /// Lets something new arrive.
  std::function<void()> more;
  std::vector<std::shared_ptr<void>> ends;
};

/// A process of our own that is killed, and reaped, when this dies.
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
  void await_end() const;  // It is a zombie then.
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

/// Waits until poll(2) reports one of `events`, or an end or error that is one
/// of them. Throws Absent after 5 seconds.
void await(int fd, short events);

/// Opens a path, O_NONBLOCK; throws Absent.
File open_path(const char* path, int flags);

}  // namespace descriptors

#endif  // TESTS_SELECTORS_DESCRIPTORS_SUBJECT_H_
