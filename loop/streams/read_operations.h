// The operations of StreamReader, each an `Operation` of StreamRead.

#ifndef LOOP_STREAMS_READ_OPERATIONS_H_
#define LOOP_STREAMS_READ_OPERATIONS_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/streams/errors.h"

namespace loop::read_operations {

using Taken = std::optional<std::size_t>;

// Up to a number of bytes.
class Read {
 public:
  static constexpr const char* kName = "read";
  explicit Read(std::size_t most) : most_(most) {}

  Taken take(std::string_view bytes, bool is_at_end) {
    if (bytes.empty() && !is_at_end && most_ > 0) return std::nullopt;
    result_ = std::string(bytes.substr(0, most_));
    return result_.size();
  }
  std::string result() { return std::move(result_); }

 private:
  std::size_t most_;
  std::string result_;
};

// Up to the size of a buffer of the caller's.
class ReadInto {
 public:
  static constexpr const char* kName = "read_into";
  explicit ReadInto(std::span<char> to) : to_(to) {}

  Taken take(std::string_view bytes, bool is_at_end) {
    if (bytes.empty() && !is_at_end && !to_.empty()) return std::nullopt;
    count_ = std::min(bytes.size(), to_.size());
    if (count_ > 0) std::memcpy(to_.data(), bytes.data(), count_);
    return count_;
  }
  std::size_t result() const { return count_; }

 private:
  std::span<char> to_;
  std::size_t count_ = 0;
};

// All bytes up to the end.
class ReadToEnd {
 public:
  static constexpr const char* kName = "read";
  Taken take(std::string_view bytes, bool is_at_end) {
    if (!is_at_end) return std::nullopt;
    result_ = std::string(bytes);
    return bytes.size();
  }
  std::string result() { return std::move(result_); }

 private:
  std::string result_;
};

// A number of bytes.
class ReadExactly {
 public:
  static constexpr const char* kName = "readexactly";
  explicit ReadExactly(std::size_t count) : count_(count) {}

  Taken take(std::string_view bytes, bool is_at_end) {
    if (bytes.size() < count_ && !is_at_end) return std::nullopt;
    result_ = std::string(bytes.substr(0, count_));
    return result_.size();
  }
  std::string result() {
    if (result_.size() == count_) return std::move(result_);
    throw IncompleteReadError(std::move(result_), count_);
  }

 private:
  std::size_t count_;
  std::string result_;
};

// The strings of which one ends a ReadUntil.
class Separators {
 public:
  // Throws ValueError if a separator is empty. Two strings in braces mean this
  // constructor, not the pair of iterators that a std::string is made of. (g++
  // 12 refuses a std::initializer_list in a `co_await`.)
  template <std::convertible_to<std::string_view> First,
            std::convertible_to<std::string_view>... Others>
  Separators(const First& first, const Others&... others)  // NOLINT: implicit
      : first_(std::string_view(first)),
        others_{std::string(std::string_view(others))...} {
    check();
  }
  // Throws ValueError if there is none, or one is empty.
  Separators(std::vector<std::string> all);  // NOLINT: implicit

  // Finds the separator that ends first in `bytes`; it begins at `from` or
  // later.
  struct Match {
    std::size_t begin;
    std::size_t end;
  };
  std::optional<Match> find(std::string_view bytes, std::size_t from) const;

  std::size_t longest() const { return longest_; }

 private:
  void check();
  std::optional<Match> find_in(std::string_view bytes, std::size_t from) const;

  std::string first_;
  std::vector<std::string> others_;
  std::size_t longest_ = 0;
};

// All bytes up to and including a separator.
class ReadUntil {
 public:
  static constexpr const char* kName = "readuntil";
  ReadUntil(Separators separators, std::size_t limit)
      : separators_(std::move(separators)), limit_(limit) {}

  Taken take(std::string_view bytes, bool is_at_end);
  std::string result();

 protected:
  enum class State : unsigned char { kSearching, kFound, kTooLong, kAtEnd };

  State state_ = State::kSearching;
  std::string result_;

 private:
  Taken fail(std::size_t consumed);

  Separators separators_;
  std::size_t limit_;
  std::size_t searched_ = 0;  // No separator begins before it.
  std::size_t consumed_ = 0;  // Of a LimitOverrunError.
};

// A line with its '\n'; the last one may have none.
class ReadLine : public ReadUntil {
 public:
  static constexpr const char* kName = "readline";
  explicit ReadLine(std::size_t limit) : ReadUntil(Separators("\n"), limit) {}

  std::string result() {
    return state_ == State::kAtEnd ? std::move(result_) : ReadUntil::result();
  }
};

// A line, or nullopt at the end.
class NextLine : public ReadLine {
 public:
  static constexpr const char* kName = "next_line";
  using ReadLine::ReadLine;

  std::optional<std::string> result() {
    std::string line = ReadLine::result();
    if (line.empty()) return std::nullopt;
    return line;
  }
};

}  // namespace loop::read_operations

#endif  // LOOP_STREAMS_READ_OPERATIONS_H_
