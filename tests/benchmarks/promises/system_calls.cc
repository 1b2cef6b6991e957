#include "tests/benchmarks/promises/system_calls.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace promises {
namespace {

constexpr char kMark[] = "getppid";

// Starts strace, which traces this process. Returns its process id.
::pid_t start_strace(const std::string& log) {
  const std::string traced = std::to_string(::getpid());
  const ::pid_t strace = ::fork();
  if (strace == 0) {
    ::execlp("strace", "strace", "-qq", "-o", log.c_str(), "-p", traced.c_str(),
             nullptr);
    ::_exit(127);
  }
  ::prctl(PR_SET_PTRACER, strace);
  return strace;
}

bool is_traced() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "TracerPid:") return status >> word && word != "0";
  }
  return false;
}

// Waits until strace has attached. Returns false if it has ended instead.
bool wait_for(::pid_t strace) {
  while (!is_traced()) {
    if (::waitpid(strace, nullptr, WNOHANG) != 0) return false;
    ::usleep(1000);
  }
  return true;
}

// Returns the names in the log between the two marks.
std::vector<std::string> names_in(const std::string& log) {
  std::vector<std::string> names;
  std::ifstream file(log);
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const std::string name = line.substr(0, line.find('('));
    if (name == kMark) {
      inside = !inside;
    } else if (inside) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace

void mark_system_calls() { static_cast<void>(::getppid()); }

std::optional<std::vector<std::string>> system_calls_of(
    const std::function<void()>& function) {
  std::string log = "/tmp/promises.XXXXXX";
  ::close(::mkstemp(log.data()));
  const ::pid_t strace = start_strace(log);
  std::optional<std::vector<std::string>> names;
  if (wait_for(strace)) {
    function();
    ::kill(strace, SIGINT);
    ::waitpid(strace, nullptr, 0);
    names = names_in(log);
  }
  ::unlink(log.c_str());
  return names;
}

}  // namespace promises
