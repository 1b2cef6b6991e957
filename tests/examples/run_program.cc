#include "tests/examples/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ostream>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <utility>

extern char** environ;  // NOLINT: POSIX wants its users to declare it.

namespace examples {
namespace {

using namespace std::chrono_literals;

constexpr auto kTooLong = 60s;
constexpr std::size_t kTooMuch = 50'000'000;  // Bytes of output.

// Returns the result of a system call, unless it failed.
int check(int result, const char* what) {
  if (result >= 0) return result;
  throw std::system_error(errno, std::generic_category(), what);
}

// Both ends are closed in programs that are started, except those that become
// their standard streams.
int close_on_exec(int fd) {
  check(::fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl");
  return fd;
}

std::pair<int, int> make_pipe() {
  int fds[2];
  check(::pipe(fds), "pipe");
  return {close_on_exec(fds[0]), close_on_exec(fds[1])};
}

// Returns the terminal's two sides: the program's, and ours, the keyboard.
std::pair<int, int> make_terminal() {
  const int ours =
      close_on_exec(check(::posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt"));
  check(::grantpt(ours), "grantpt");
  check(::unlockpt(ours), "unlockpt");
  const int theirs = close_on_exec(
      check(::open(::ptsname(ours), O_RDWR | O_NOCTTY), "ptsname"));
  termios settings;
  check(::tcgetattr(theirs, &settings), "tcgetattr");
  settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);  // No one would read it.
  check(::tcsetattr(theirs, TCSANOW, &settings), "tcsetattr");
  return {theirs, ours};
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    check(static_cast<int>(size), "write");
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

// A file that no longer has a name, and is read from its beginning.
int make_file(std::string_view content) {
  const char* const folder = ::getenv("TEST_TMPDIR");
  std::string path = std::string(folder ? folder : "/tmp") + "/input.XXXXXX";
  const int fd = close_on_exec(check(::mkstemp(path.data()), "mkstemp"));
  check(::unlink(path.c_str()), "unlink");
  write_all(fd, content);
  check(static_cast<int>(::lseek(fd, 0, SEEK_SET)), "lseek");
  return fd;
}

std::vector<std::string> environment_with(
    const std::vector<std::string>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = text.starts_with("SELECTORS_TRACE=");
    for (const std::string& other : added) {
      replaced |= text.starts_with(other.substr(0, other.find('=') + 1));
    }
    if (!replaced) result.emplace_back(text);
  }
  result.insert(result.end(), added.begin(), added.end());
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, Stdin kind) {
  constexpr std::array kNames = {"Terminal", "Pipe", "File", "DevNull",
                                 "Folder"};
  return stream << kNames.at(static_cast<std::size_t>(kind));
}

Program::Program(const std::string& name, Stdin kind, RunOptions options)
    : name_(name), kind_(kind) {
  int theirs = -1;
  switch (kind) {
    case Stdin::kTerminal:
      std::tie(theirs, input_) = make_terminal();
      break;
    case Stdin::kPipe:
      std::tie(theirs, input_) = make_pipe();
      break;
    case Stdin::kFile:
      theirs = make_file(options.input);
      break;
    case Stdin::kDevNull:
      theirs = close_on_exec(check(::open("/dev/null", O_RDONLY), "/dev/null"));
      break;
    case Stdin::kFolder:
      theirs = close_on_exec(check(::open("/", O_RDONLY), "/"));
      break;
  }
  const auto [out, their_out] = make_pipe();
  const auto [err, their_err] = make_pipe();
  out_.fd = out;
  err_.fd = err;
  // Tests run in the folder above examples/, where Bazel puts the programs.
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), "examples/" + name);
  std::vector<std::string> environment = environment_with(options.environment);
  const std::vector<char*> argv = pointers_to(arguments);
  const std::vector<char*> envp = pointers_to(environment);

  pid_ = check(::fork(), "fork");
  if (pid_ == 0) {
    ::setsid();  // The terminal becomes that of a new session, so that its
    if (kind == Stdin::kTerminal) ::ioctl(theirs, TIOCSCTTY, 0);  // ^C counts.
    ::dup2(theirs, STDIN_FILENO);
    ::dup2(their_out, STDOUT_FILENO);
    ::dup2(their_err, STDERR_FILENO);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  for (const int fd : {theirs, their_out, their_err}) ::close(fd);
  if (input_ >= 0) write(options.input);
}

Program::~Program() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {input_, out_.fd, err_.fd}) {
    if (fd >= 0) ::close(fd);
  }
}

void Program::write(std::string_view text) { write_all(input_, text); }

void Program::end_input() {
  if (kind_ == Stdin::kTerminal) write("\x04");
  if (kind_ == Stdin::kPipe) ::close(std::exchange(input_, -1));
}

void Program::wait_until_input_is_read() {
  const auto deadline = Clock::now() + kTooLong;
  for (int unread = 1; unread > 0;) {
    check(::ioctl(input_, FIONREAD, &unread), "FIONREAD");
    if (Clock::now() > deadline) fail("does not read its input");
    ::sched_yield();
  }
}

std::string Program::read_line(Stream& stream) {
  const auto deadline = Clock::now() + kTooLong;
  while (stream.lines.empty()) {
    if (stream.fd < 0) fail(std::string("has no more ") + stream.name);
    pump(deadline);
  }
  std::string line = std::move(stream.lines.front());
  stream.lines.pop_front();
  return line;
}

std::vector<std::string> Program::read_lines(Stream& stream) {
  const auto deadline = Clock::now() + kTooLong;
  while (stream.fd >= 0) pump(deadline);
  if (!stream.buffer.empty()) fail("left half a line");
  const auto lines = std::exchange(stream.lines, {});
  return {lines.begin(), lines.end()};
}

std::vector<std::string> Program::error_lines_so_far() {
  pollfd entry = {err_.fd, POLLIN, 0};
  while (err_.fd >= 0 && ::poll(&entry, 1, 0) > 0) take(err_);
  const auto lines = std::exchange(err_.lines, {});
  return {lines.begin(), lines.end()};
}

void Program::send(int signal_number) {
  if (pid_ <= 0) fail("has ended");  // kill() would take 0 for all of us.
  check(::kill(pid_, signal_number), "kill");
}

void Program::stop() {
  send(SIGSTOP);
  check(::waitpid(pid_, nullptr, WUNTRACED), "waitpid");
}

void Program::stop_and_continue() {
  stop();
  send(SIGCONT);
}

bool Program::has_ended() const {
  siginfo_t info = {};
  check(::waitid(P_PID, static_cast<id_t>(pid_), &info,
                 WEXITED | WNOHANG | WNOWAIT),
        "waitid");
  return info.si_pid == pid_;
}

Exit Program::wait() {
  const auto deadline = Clock::now() + kTooLong;
  while (out_.fd >= 0 || err_.fd >= 0) pump(deadline);
  int status = 0;
  rusage usage;
  check(::wait4(pid_, &status, 0, &usage), "wait4");
  pid_ = -1;
  const auto duration = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) +
           std::chrono::microseconds(t.tv_usec);
  };
  return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
          duration(usage.ru_utime) + duration(usage.ru_stime)};
}

// Reads the output of the program. Polls both streams, so that a program that
// prints much on one never waits for us while we wait for the other.
void Program::pump(Clock::time_point deadline) {
  pollfd entries[] = {{out_.fd, POLLIN, 0}, {err_.fd, POLLIN, 0}};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(deadline - Clock::now(), Clock::duration::zero()));
  const int count = ::poll(entries, 2, static_cast<int>(left.count()));
  if (count < 0 && errno == EINTR) return;
  if (check(count, "poll") == 0) fail("seems to hang");
  if (Clock::now() > deadline) fail("does not come to an end");
  if (entries[0].revents != 0) take(out_);
  if (entries[1].revents != 0) take(err_);
}

void Program::take(Stream& stream) {
  char chunk[4096];
  const ssize_t size = ::read(stream.fd, chunk, sizeof(chunk));
  if (size < 0 && errno == EINTR) return;
  if (check(static_cast<int>(size), "read") == 0) {
    ::close(std::exchange(stream.fd, -1));
    return;
  }
  const std::string_view text(chunk, static_cast<std::size_t>(size));
  stream.seen += text;
  if (stream.seen.size() > kTooMuch) {
    stream.seen.resize(10'000);
    fail("prints without end");
  }
  stream.buffer += text;
  for (std::size_t end;
       (end = stream.buffer.find('\n')) != std::string::npos;) {
    stream.lines.push_back(stream.buffer.substr(0, end));
    stream.buffer.erase(0, end + 1);
  }
}

void Program::fail(const std::string& what) const {
  throw std::runtime_error(name_ + " " + what + "\n--- its output:\n" +
                           out_.seen + "--- its standard error:\n" + err_.seen);
}

}  // namespace examples
