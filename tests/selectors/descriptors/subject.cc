#include "tests/selectors/descriptors/subject.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace descriptors {

int have(int result, const char* call) {
  if (result < 0) throw Absent{std::string(call) + ": " + ::strerror(errno)};
  return result;
}

void Subject::at_end(std::function<void()> function) {
  ends.push_back(std::shared_ptr<void>(
      nullptr, [function = std::move(function)](void*) { function(); }));
}

Process::Process(const std::function<void()>& function)
    : pid_(have(::fork(), "fork")) {
  if (pid_ != 0) return;
  function();
  ::_exit(0);
}

void Process::kill() const {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

void Process::await_end() const {
  siginfo_t info;
  ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
}

void Process::reap() {
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Process::expect_success(const char* what) {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  if (status == 0) return;
  throw Absent{std::string(what) + ": " + ::strerror(WEXITSTATUS(status))};
}

void set_nonblocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void put(int fd, std::string_view bytes) {
  const ssize_t written = ::write(fd, bytes.data(), bytes.size());
  have(written == static_cast<ssize_t>(bytes.size()) ? 0 : -1, "write");
}

void fill(int fd) {
  const std::string bytes(4096, 'x');
  while (::write(fd, bytes.data(), bytes.size()) > 0) {
  }
  while (::write(fd, "x", 1) > 0) {
  }
}

void await(int fd, short events) {
  // poll() also reports HUP and ERR, perhaps before one of `events`.
  for (int i = 0; i < 5000; ++i) {
    pollfd entry = {fd, events, 0};
    ::poll(&entry, 1, 1);
    if ((entry.revents & events) != 0) return;
  }
  throw Absent{"what the test waits for did not come within 5 seconds"};
}

File open_path(const char* path, int flags) {
  return File(have(::open(path, flags | O_CLOEXEC | O_NONBLOCK), path));
}

}  // namespace descriptors
