#include "tests/selectors/descriptors/masks.h"

#include <poll.h>

#include <cerrno>
#include <utility>

namespace descriptors {
namespace {

constexpr std::pair<std::string_view, unsigned> kWords[] = {
    {"IN", POLLIN},       {"OUT", POLLOUT}, {"ERR", POLLERR},  {"HUP", POLLHUP},
    {"RDHUP", POLLRDHUP}, {"PRI", POLLPRI}, {"NVAL", POLLNVAL}};

}  // namespace

unsigned native_mask(std::string_view words) {
  unsigned mask = 0;
  while (!words.empty() && words != "-") {
    const std::string_view word = words.substr(0, words.find('|'));
    for (const auto& [name, bit] : kWords) {
      if (name == word) mask |= bit;
    }
    words.remove_prefix(std::min(word.size() + 1, words.size()));
  }
  return mask;
}

std::string native_words(unsigned mask) {
  std::string words;
  for (const auto& [name, bit] : kWords) {
    if ((mask & bit) == 0) continue;
    if (!words.empty()) words += '|';
    words += name;
  }
  return words.empty() ? "-" : words;
}

bool is_errno(std::string_view row) { return row == "EPERM" || row == "EBADF"; }

std::string errno_words(int error) {
  if (error == EPERM) return "EPERM";
  if (error == EBADF) return "EBADF";
  return "errno " + std::to_string(error);
}

selectors::EventMask reported(unsigned mask) {
  using selectors::EVENT_READ;
  using selectors::EVENT_WRITE;
  mask &= ~static_cast<unsigned>(POLLRDHUP | POLLPRI);  // Never asked for.
  if (mask == POLLIN) return EVENT_READ;
  if (mask == POLLOUT) return EVENT_WRITE;
  return mask == 0 ? 0 : EVENT_READ | EVENT_WRITE;
}

selectors::EventMask reported_by_select(std::string_view sets) {
  selectors::EventMask events = 0;
  if (sets.find('R') != sets.npos) events |= selectors::EVENT_READ;
  if (sets.find('W') != sets.npos) events |= selectors::EVENT_WRITE;
  return events;
}

}  // namespace descriptors
