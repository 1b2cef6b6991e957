// `text_of()`, `programs_of()`: the programs in a README, for tests that run
// them.

#ifndef TESTS_SUPPORT_README_H_
#define TESTS_SUPPORT_README_H_

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tests {

// Returns the contents of a file.
inline std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Returns the C++ programs in a chapter of a README.
inline std::vector<std::string> programs_of(const std::string& path,
                                            const std::string& chapter) {
  std::istringstream readme(text_of(path));
  std::vector<std::string> programs;
  std::string line;
  bool in_chapter = false;
  bool in_program = false;
  while (std::getline(readme, line)) {
    if (line.starts_with("## ")) in_chapter = line == "## " + chapter;
    if (!in_chapter) continue;
    if (line == "```cpp") {
      in_program = true;
      programs.emplace_back();
    } else if (line == "```") {
      in_program = false;
    } else if (in_program) {
      programs.back() += line + "\n";
    }
  }
  return programs;
}

}  // namespace tests

#endif  // TESTS_SUPPORT_README_H_
