// Random operations on all backends at once, held against the model after each
// step: closed, reused and dup'd descriptors included.
//
// A failure prints the script up to there, and the seed. For a long run:
//   --test_env=RANDOM_OPERATIONS_SCRIPTS=100000   how many scripts
//   --test_env=RANDOM_OPERATIONS_SEED=1234        that of the first

#include "tests/selectors/random_operations.h"

#include <gtest/gtest.h>

#include <any>
#include <csignal>
#include <cstdlib>
#include <set>

#include "selectors/devpoll_selector.h"
#include "selectors/epoll_selector.h"
#include "selectors/kqueue_selector.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"

namespace tests {
namespace {

constexpr int kSteps = 150;  // of a script

unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 0))
                         : otherwise;
}

template <class Selector>
Subject subject(Identity identity, const Files& files) {
  return {std::make_unique<Selector>(), identity, files};
}

void expect_same_map(const Subject& subject) {
  const selectors::SelectorMap& map = *subject.selector->get_map();
  ASSERT_EQ(map.size(), subject.model.keys().size());
  auto real = map.begin();
  for (const auto& [fd, key] : subject.model.keys()) {
    EXPECT_EQ(real->fd, fd);
    EXPECT_EQ(real->fileobj, selectors::FileObj(fd));
    EXPECT_EQ(real->events, key.events) << "of " << fd;
    EXPECT_EQ(std::any_cast<int>(real->data), key.data) << "of " << fd;
    ++real;
  }
}

void expect_same_answer(const Subject& subject) {
  const auto expected = subject.model.select();
  const auto answer = look(*subject.selector);
  ASSERT_EQ(answer.has_value(), expected.has_value()) << "or else OSError";
  if (!answer) return;
  std::set<int> numbers;
  for (const auto& entry : *answer) numbers.insert(entry.first);
  for (const auto& entry : expected->must) numbers.insert(entry.first);
  for (const int fd : numbers) {
    const auto events_in = [fd](const std::map<int, EventMask>& keys) {
      const auto found = keys.find(fd);
      return found != keys.end() ? found->second : 0;
    };
    const EventMask must = events_in(expected->must);
    const EventMask may = events_in(expected->may);
    EXPECT_EQ(events_in(*answer) & ~may, 0u) << "too many events of " << fd;
    EXPECT_EQ(must & ~events_in(*answer), 0u) << "events missing of " << fd;
  }
}

// Returns false after a failure.
bool play(unsigned seed) {
  Files files;
  std::vector<Subject> subjects;
  using namespace selectors;
  subjects.push_back(subject<SelectSelector>(Identity::kSelectNumber, files));
  subjects.push_back(subject<PollSelector>(Identity::kNumber, files));
  subjects.push_back(subject<EpollSelector>(Identity::kFile, files));
  subjects.push_back(subject<KqueueSelector>(Identity::kOpening, files));
  subjects.push_back(subject<DevpollSelector>(Identity::kNumber, files));
  Script script(seed, Players::kOurs);
  std::string played;
  for (int step = 0; step < kSteps; ++step) {
    const Operation operation = script.next(files, subjects);
    played += operation.repr() + "\n";
    files.apply(operation);
    for (Subject& each : subjects) {
      if (operation.word == "select") {
        expect_same_answer(each);
      } else if (is_for_selectors(operation)) {
        Result expected;
        EXPECT_EQ(each.apply(operation, &expected), expected);
      }
      expect_same_map(each);
      if (::testing::Test::HasFailure()) {
        ADD_FAILURE() << each.selector->name() << ", after this script of seed "
                      << seed << ":\n"
                      << played;
        return false;
      }
    }
  }
  return true;
}

TEST(RandomOperations, AgreeWithTheModel) {
  std::signal(SIGPIPE, SIG_IGN);
  const unsigned first = number_from_environment("RANDOM_OPERATIONS_SEED", 1);
  const unsigned count =
      number_from_environment("RANDOM_OPERATIONS_SCRIPTS", 100);
  for (unsigned seed = first; seed < first + count; ++seed) {
    if (!play(seed)) break;
  }
}

}  // namespace
}  // namespace tests
