// Prints a column of the table of promises: a line for each promise. With the
// argument --titles it prints the titles of the promises instead.

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/benchmarks/promises/any_loop.h"
#include "tests/benchmarks/promises/promise.h"

namespace promises {
namespace {

std::vector<Promise> all_promises() {
  std::vector<Promise> all = timer_promises();
  for (const auto& more : {descriptor_promises(), fork_promises()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

// Asks a new loop. Returns the text of the cell.
std::string answer(const Promise& promise) {
  Result result{Outcome::kNotKept, "refused"};
  try {
    // Not destroyed: promises leave behind descriptors that are closed.
    result = promise.ask(*make_loop().release());
  } catch (const std::system_error& error) {
    const int code = error.code().value();
    result.remark = ::strerrorname_np(code);
  } catch (const std::exception&) {
  }
  const char* const word = result.outcome == Outcome::kKept      ? "yes"
                           : result.outcome == Outcome::kNotKept ? "**no**"
                                                                 : "–";
  return result.remark.empty() ? word : word + (", " + result.remark);
}

// Asks in a child process, which may crash or hang.
std::string answer_of_child(const Promise& promise) {
  std::array<int, 2> fds;
  if (::pipe(fds.data()) != 0) return "no pipe";
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(10);
    std::freopen("/dev/null", "w", stderr);
    const std::string text = answer(promise);
    const auto written = ::write(fds[1], text.data(), text.size());
    ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(fds[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  std::array<char, 256> text;
  const ssize_t size = ::read(fds[0], text.data(), text.size());
  ::close(fds[0]);
  if (WIFSIGNALED(status)) {
    return WTERMSIG(status) == SIGALRM ? "**no**, hung" : "**no**, crashed";
  }
  return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace
}  // namespace promises

int main(int argc, char** argv) {
  const bool titles = argc > 1 && std::string_view(argv[1]) == "--titles";
  for (const promises::Promise& promise : promises::all_promises()) {
    const std::string line =
        titles ? promise.title : promises::answer_of_child(promise);
    std::puts(line.c_str());
  }
}
