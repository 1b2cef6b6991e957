// `LogFile`: a log that a test writes and programs read, or the other way
// round.

#ifndef TESTS_EXAMPLES_LOG_FILE_H_
#define TESTS_EXAMPLES_LOG_FILE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

class LogFile {
 public:
  explicit LogFile(const std::string& name)
      : path_(testing::TempDir() + "/" + name) {
    std::filesystem::remove(path_);
  }
  ~LogFile() { std::filesystem::remove(path_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  const std::string& path() const { return path_; }

  void append(std::string_view text) const { write(text, std::ios::app); }

  // Empties the log, and then writes `text`, which may be empty.
  void write_anew(std::string_view text) const { write(text, std::ios::trunc); }

  void rename_to(const std::string& path) const {
    std::filesystem::rename(path_, path);
  }

  std::vector<std::string> lines() const {
    std::ifstream file(path_);
    std::vector<std::string> result;
    for (std::string line; std::getline(file, line);) result.push_back(line);
    return result;
  }

 private:
  void write(std::string_view text, std::ios::openmode mode) const {
    std::ofstream file(path_, mode);
    file << text << std::flush;
    EXPECT_TRUE(file.good()) << path_;
  }

  const std::string path_;
};

}  // namespace examples

#endif  // TESTS_EXAMPLES_LOG_FILE_H_
