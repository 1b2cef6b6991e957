// Prints the kind of each descriptor, and the reports of select(2), poll(2) and
// epoll(7) for it: selectors/DESCRIPTORS.md as a program.
//
//   what_is_it [-f] FD|PATH...
//
//   $ what_is_it 0 /proc/self/mounts
//   0: terminal (/dev/pts/0)
//     select: W
//     poll: OUT
//     epoll: OUT
//   /proc/self/mounts: file of proc
//     select: R
//     poll: IN
//     epoll: IN
//
// With -f the program continues, and prints new events until it is interrupted.

#include "examples/what_is_it.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "selectors/selectors.h"

namespace {

struct Subject {
  std::string name;
  int fd;
};

// A number is a descriptor that was inherited; anything else is a path.
Subject open_subject(const std::string& name) {
  int fd = -1;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, fd);
  if (rest == end && error == std::errc()) return {name, fd};
  fd = ::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw selectors::make_os_error(errno, "open " + name);
  return {name, fd};
}

void describe(const Subject& subject) {
  std::cout << subject.name << ": " << examples::kind_of(subject.fd) << "\n"
            << "  select: " << examples::select_says(subject.fd) << "\n"
            << "  poll: " << examples::poll_says(subject.fd) << "\n"
            << "  epoll: " << examples::epoll_says(subject.fd) << "\n"
            << std::flush;
}

// Prints new events forever. The events are edge-triggered, because the program
// does not read the data.
void follow(const std::vector<Subject>& subjects) {
  selectors::DefaultSelector selector;
  for (const Subject& subject : subjects) {
    selector.register_(subject.fd,
                       selectors::EVENT_READ | selectors::EVENT_WRITE |
                           selectors::EVENT_PRIORITY | selectors::EVENT_EDGE,
                       &subject);
  }
  for (;;) {
    for (const auto& [key, events] : selector.select()) {
      const auto* subject = std::any_cast<const Subject*>(key.data);
      std::cout << subject->name << ": " << selectors::events_repr(events)
                << "\n"
                << std::flush;
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> names(argv + 1, argv + argc);
  const bool follows = !names.empty() && names.front() == "-f";
  if (follows) names.erase(names.begin());
  if (names.empty()) {
    std::cerr << "usage: what_is_it [-f] FD|PATH...\n";
    return 2;
  }
  std::vector<Subject> subjects;
  for (const std::string& name : names) subjects.push_back(open_subject(name));
  for (const Subject& subject : subjects) describe(subject);
  if (follows) follow(subjects);
} catch (const std::exception& error) {
  std::cerr << "what_is_it: " << error.what() << "\n";
  return 1;
}
