// The oracle is CPython: what our selectors did in random scripts is written
// down, and replay.py does the same with Python's own.

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "selectors/epoll_selector.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"
#include "tests/selectors/random_operations.h"

namespace tests {
namespace {

constexpr unsigned kScripts = 100;
constexpr int kReplayedSteps = 150;

const char* repr(Result result) {
  switch (result) {
    case Result::kDone:
      return "done";
    case Result::kValueError:
      return "ValueError";
    case Result::kKeyError:
      return "KeyError";
    case Result::kOSError:
      return "OSError";
  }
  return "";
}

// "100:1,102:3"
std::string ready_repr(selectors::BaseSelector& selector) {
  const auto ready = look(selector);
  if (!ready) return repr(Result::kOSError);
  std::string text;
  for (const auto& [fd, events] : *ready) {
    text += (text.empty() ? "" : ",") + std::to_string(fd) + ":" +
            std::to_string(events);
  }
  return text;
}

// "100:1:17,102:3:20", the last being the data.
std::string map_repr(const selectors::BaseSelector& selector) {
  std::string text;
  for (const auto& key : *selector.get_map()) {
    text += (text.empty() ? "" : ",") + std::to_string(key.fd) + ":" +
            std::to_string(key.events) + ":" +
            std::to_string(std::any_cast<int>(key.data));
  }
  return text;
}

// A line for each operation; under it, after "=", the name of each selector,
// what it answered, and its map.
void record(unsigned seed, std::ostream& out) {
  Files files;
  std::vector<Subject> subjects;
  using namespace selectors;
  const auto add = [&](auto selector, Identity identity) {
    subjects.emplace_back(std::move(selector), identity, files);
  };
  add(std::make_unique<SelectSelector>(), Identity::kSelectNumber);
  add(std::make_unique<PollSelector>(), Identity::kNumber);
  add(std::make_unique<EpollSelector>(), Identity::kFile);
  out << "script " << seed << "\n";
  Script script(seed, Players::kOursAndPythons);
  for (int step = 0; step < kReplayedSteps; ++step) {
    const Operation operation = script.next(files, subjects);
    files.apply(operation);
    out << operation.repr() << "\n";
    for (Subject& each : subjects) {
      const bool is_call = is_for_selectors(operation);
      if (!is_call && operation.word != "select") continue;
      Result expected;
      const std::string answer = is_call
                                     ? repr(each.apply(operation, &expected))
                                     : ready_repr(*each.selector);
      out << "= " << each.selector->name() << " " << answer << " "
          << map_repr(*each.selector) << "\n";
    }
  }
}

TEST(Replay, CPythonDoesTheSame) {
  if (std::system("python3 -c 'import selectors' 2>/dev/null") != 0) {
    GTEST_SKIP() << "no python3 with the module selectors here";
  }
  std::signal(SIGPIPE, SIG_IGN);
  const std::string path = ::testing::TempDir() + "/replay.txt";
  std::ofstream out(path);
  for (unsigned seed = 1; seed <= kScripts; ++seed) record(seed, out);
  out.close();
  ASSERT_TRUE(out);
  EXPECT_EQ(std::system(("python3 tests/selectors/replay.py " + path).c_str()),
            0);
}

}  // namespace
}  // namespace tests
