// Random lives of descriptors and of their registrations, as scripts that can
// be printed and played again.

#ifndef TESTS_SELECTORS_RANDOM_OPERATIONS_H_
#define TESTS_SELECTORS_RANDOM_OPERATIONS_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "selectors/base_selector.h"
#include "tests/selectors/selector_model.h"

namespace tests {

// A line of a script: a word, and as many numbers as that word takes.
struct Operation {
  std::string word;
  std::vector<int> args = {};

  std::string repr() const {
    std::string text = word;
    for (const int arg : args) text += " " + std::to_string(arg);
    return text;
  }
};

inline bool is_for_selectors(const Operation& operation) {
  return operation.word == "register" || operation.word == "modify" ||
         operation.word == "unregister";
}

// Real descriptors, under numbers that a script names: with the same script
// they are the same in any process.
class Files {
 public:
  Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() {
    for (const auto& [fd, descriptor] : descriptors_) ::close(fd);
  }

  static constexpr int kFirst = 100;
  static constexpr int kCount = 14;  // Few, so that they are soon used again.

  const Descriptors& descriptors() const { return descriptors_; }

  // -1 if all are open.
  int lowest_free(int from = kFirst) const {
    while (descriptors_.count(from) != 0) ++from;
    return from < kFirst + kCount ? from : -1;
  }

  // Does what is asked of a descriptor. Reads and writes may fail, and then do.
  void apply(const Operation& operation) {
    const std::string& word = operation.word;
    const int fd = operation.args.empty() ? -1 : operation.args[0];
    int ends[2];
    char buffer[4096] = {};
    if (word == "pipe" && ::pipe2(ends, O_NONBLOCK) == 0) {
      place(ends[0], fd, ++files_);
      place(ends[1], operation.args[1], ++files_);
    } else if (word == "socketpair" &&
               ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) ==
                   0) {
      place(ends[0], fd, ++files_);
      place(ends[1], operation.args[1], ++files_);
    } else if (word == "null") {
      // One file, however often it is opened: nobody could tell.
      place(::open("/dev/null", O_RDWR | O_NONBLOCK), fd, kNull);
    } else if (word == "dup") {
      place(::dup(fd), operation.args[1], descriptors_.at(fd).file);
    } else if (word == "close") {
      ::close(fd);
      descriptors_.erase(fd);
    } else if (word == "write") {
      lost_ = ::write(fd, buffer, 1);
    } else if (word == "fill") {
      // Never forever: what goes to /dev/null is not counted.
      for (int i = 0; i < 1000 && ::write(fd, buffer, sizeof buffer) > 0; ++i) {
      }
    } else if (word == "read") {
      lost_ = ::read(fd, buffer, sizeof buffer);
    } else if (word == "drain") {
      while (::read(fd, buffer, sizeof buffer) > 0) {
      }
    } else if (word == "shutdown") {
      ::shutdown(fd, SHUT_WR);
    }
  }

 private:
  void place(int from, int fd, int file) {
    ::dup2(from, fd);
    ::close(from);
    descriptors_[fd] = {file, ++openings_};
  }

  static constexpr int kNull = -1;

  Descriptors descriptors_;
  int files_ = 0;
  int openings_ = 0;
  ssize_t lost_ = 0;
};

// Returns the reports of select(0), without EVENT_ERROR, which Python does not
// have; nullopt if select() throws OSError.
inline std::optional<std::map<int, EventMask>> look(
    selectors::BaseSelector& selector) {
  std::map<int, EventMask> ready;
  try {
    for (const auto& [key, events] :
         selector.select(selectors::WaitLimit::nanoseconds::zero())) {
      const EventMask known = events & ~selectors::EVENT_ERROR;
      EXPECT_TRUE(ready.emplace(key.fd, known).second) << key.fd << " twice";
      EXPECT_EQ(&key, &selector.get_key(key.fd));
    }
    return ready;
  } catch (const selectors::OSError&) {
    return std::nullopt;
  }
}

// A selector and what it should do.
struct Subject {
  Subject(std::unique_ptr<selectors::BaseSelector> real, Identity identity,
          const Files& files)
      : selector(std::move(real)), model(identity, files.descriptors()) {}

  // Does what is asked of a selector; tells the model as well.
  Result apply(const Operation& operation, Result* expected) {
    const auto& [word, args] = operation;
    const int fd = args[0];
    const auto events = args.size() > 1 ? static_cast<EventMask>(args[1]) : 0u;
    const int data = args.size() > 2 ? args[2] : 0;
    *expected = word == "register"     ? model.register_(fd, events, data)
                : word == "unregister" ? model.unregister(fd)
                                       : model.modify(fd, events, data);
    try {
      if (word == "register") selector->register_(fd, events, data);
      if (word == "unregister") selector->unregister(fd);
      if (word == "modify") selector->modify(fd, events, data);
      return Result::kDone;
    } catch (const selectors::ValueError&) {
      return Result::kValueError;
    } catch (const selectors::KeyError&) {
      return Result::kKeyError;
    } catch (const selectors::OSError&) {
      return Result::kOSError;
    }
  }

  std::unique_ptr<selectors::BaseSelector> selector;
  SelectorModel model;
};

// Whom the script must suit.
enum class Players {
  kOurs,
  // Also CPython's selectors, so it leaves out what stands in selectors/ at
  // "Differs from Python:". Of those, a script can meet four:
  //   - modify() with bad events (base_selector.h): not every one of Python's
  //     checks them.
  //   - The order of get_map() (selector_key.h): compared as a set.
  //   - A registered number that is closed while a dup() keeps its file open
  //     (epoll_selector.cc): Python's epoll hands on what that file does to
  //     whoever has the number next. It is unregistered before.
  //   - A closed number (base_selector.h): Python's select and poll register
  //   it.
  kOursAndPythons,
};

class Script {
 public:
  Script(unsigned seed, Players players) : random_(seed), players_(players) {}

  Operation next(const Files& files, const std::vector<Subject>& subjects) {
    while (queue_.empty()) choose(files, subjects);
    const Operation operation = queue_.front();
    queue_.pop_front();
    return operation;
  }

 private:
  // 0 to count - 1.
  int below(std::size_t count) {
    // Not uniform_int_distribution, which differs between standard libraries.
    return static_cast<int>(random_() % count);
  }

  int any_open(const Files& files) {
    auto found = files.descriptors().begin();
    std::advance(found, below(files.descriptors().size()));
    return found->first;
  }

  // -1 if there is none.
  int any_free(const Files& files) {
    const int from = Files::kFirst + below(Files::kCount);
    const int found = files.lowest_free(from);
    return found >= 0 ? found : files.lowest_free();
  }

  // Mostly an open one; else a closed one, perhaps, or none at all.
  int any_number(const Files& files) {
    const bool any_will_do = players_ == Players::kOurs;
    if (!files.descriptors().empty() && (below(8) > 0 || !any_will_do)) {
      return any_open(files);
    }
    return any_will_do && below(8) > 0 ? Files::kFirst + below(Files::kCount)
                                       : -1;
  }

  int any_events() {
    return below(12) > 0 ? 1 + below(3) : below(2) == 0 ? 0 : 16;
  }

  // Queues what comes next; nothing, if that is not possible now.
  void choose(const Files& files, const std::vector<Subject>& subjects) {
    const int lowest = files.lowest_free();
    const int second = lowest < 0 ? -1 : files.lowest_free(lowest + 1);
    const int dice = below(100);
    if (dice < 12) {
      if (second < 0) return;
      queue_.push_back({dice < 6 ? "pipe" : "socketpair", {lowest, second}});
    } else if (dice < 14) {
      if (lowest < 0) return;
      queue_.push_back({"null", {lowest}});
    } else if (dice < 32) {
      queue_.push_back(
          {"register", {any_number(files), any_events(), count()}});
    } else if (dice < 42) {
      modify(any_number(files), subjects);
    } else if (dice < 47) {
      queue_.push_back({"unregister", {any_number(files)}});
    } else if (dice < 52) {
      clean_up(files, subjects);
    } else if (dice < 70 || files.descriptors().empty()) {
      queue_.push_back({"select"});
    } else if (dice < 76) {
      const int free = any_free(files);
      if (free >= 0) queue_.push_back({"dup", {any_open(files), free}});
    } else if (dice < 84) {
      close(any_open(files), files);
    } else {
      static constexpr const char* kWords[] = {"write", "write", "fill",
                                               "drain", "read",  "shutdown"};
      queue_.push_back({kWords[below(6)], {any_open(files)}});
    }
  }

  int count() { return ++count_; }

  void modify(int fd, const std::vector<Subject>& subjects) {
    int events = any_events();
    if (players_ == Players::kOursAndPythons && (events < 1 || events > 3)) {
      events = 3;
    }
    for (const Subject& subject : subjects) {
      if (subject.model.is_uncertain(fd)) return;
    }
    queue_.push_back({"modify", {fd, events, count()}});
  }

  // Often so that the file lives on, under another number.
  void close(int fd, const Files& files) {
    const int free = any_free(files);
    int sharing = free >= 0 && below(2) == 0;
    if (sharing) queue_.push_back({"dup", {fd, free}});
    for (const auto& entry : files.descriptors()) {
      sharing += entry.second.file == files.descriptors().at(fd).file;
    }
    const bool has_to = players_ == Players::kOursAndPythons && sharing > 1;
    if (has_to || below(2) == 0) queue_.push_back({"unregister", {fd}});
    queue_.push_back({"close", {fd}});
  }

  // Unregisters a number that was closed, if there is one: select() has said
  // no long enough.
  void clean_up(const Files& files, const std::vector<Subject>& subjects) {
    for (const Subject& subject : subjects) {
      for (const auto& [fd, key] : subject.model.keys()) {
        if (files.descriptors().count(fd) != 0) continue;
        queue_.push_back({"unregister", {fd}});
        return;
      }
    }
  }

  std::mt19937 random_;
  const Players players_;
  int count_ = 0;
  std::deque<Operation> queue_;
};

}  // namespace tests

#endif  // TESTS_SELECTORS_RANDOM_OPERATIONS_H_
