// `without_lines()`: the text of tasks, without what a change of a test moves.

#ifndef TESTS_LOOP_TASKS_SOURCE_LINES_H_
#define TESTS_LOOP_TASKS_SOURCE_LINES_H_

#include <string>

namespace loop {

// Returns `text` with "file.cc:N" in place of each "folder/file.cc:12".
inline std::string without_lines(std::string text) {
  const std::string suffix = ".cc:";
  for (auto at = text.find(suffix); at != text.npos;
       at = text.find(suffix, at)) {
    at += suffix.size();
    const auto end = text.find_first_not_of("0123456789", at);
    text.replace(at, end - at, "N");
    const auto begin = text.find_last_of(" \n", at) + 1;
    const auto name = text.rfind('/', at) + 1;
    if (name <= begin) continue;
    text.erase(begin, name - begin);
    at -= name - begin;
  }
  return text;
}

}  // namespace loop

#endif  // TESTS_LOOP_TASKS_SOURCE_LINES_H_
