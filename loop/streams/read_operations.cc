#include "loop/streams/read_operations.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "selectors/errors.h"

namespace loop::read_operations {

Separators::Separators(std::vector<std::string> all) {
  if (all.empty()) {
    throw selectors::ValueError(
        "Separator should contain at least one element");
  }
  first_ = std::move(all.back());
  all.pop_back();
  others_ = std::move(all);
  check();
}

void Separators::check() {
  const auto note = [this](const std::string& separator) {
    if (separator.empty()) {
      throw selectors::ValueError(
          "Separator should be at least one-byte string");
    }
    longest_ = std::max(longest_, separator.size());
  };
  note(first_);
  for (const std::string& separator : others_) note(separator);
}

// Searches parts that double, so that the search for a separator that is far
// away, or not there, ends soon after one that is near.
std::optional<Separators::Match> Separators::find(std::string_view bytes,
                                                  std::size_t from) const {
  constexpr std::size_t kFirstPart = 256;
  std::size_t size = others_.empty() ? bytes.size() : kFirstPart;
  for (;; size *= 2) {
    const std::string_view part = bytes.substr(0, from + size);
    const auto match = find_in(part, from);
    if (match || part.size() == bytes.size()) return match;
  }
}

// Of two separators that end at one byte, the shorter one counts, as in Python.
std::optional<Separators::Match> Separators::find_in(std::string_view bytes,
                                                     std::size_t from) const {
  std::optional<Match> best;
  const auto try_one = [&](const std::string& separator) {
    const std::size_t begin = bytes.find(separator, from);
    if (begin == bytes.npos) return;
    const Match match{begin, begin + separator.size()};
    const bool is_better = !best || match.end < best->end ||
                           (match.end == best->end && begin > best->begin);
    if (is_better) best = match;
  };
  try_one(first_);
  for (const std::string& separator : others_) try_one(separator);
  return best;
}

// Port of StreamReader.readuntil().
Taken ReadUntil::take(std::string_view bytes, bool is_at_end) {
  if (const auto match = separators_.find(bytes, searched_)) {
    if (match->begin > limit_) return fail(match->begin);
    state_ = State::kFound;
    result_ = bytes.substr(0, match->end);
    return match->end;
  }
  // A separator may have begun at the end.
  if (bytes.size() >= separators_.longest()) {
    searched_ = bytes.size() + 1 - separators_.longest();
    if (searched_ > limit_) return fail(searched_);
  }
  if (!is_at_end) return std::nullopt;
  state_ = State::kAtEnd;
  result_ = bytes;
  return bytes.size();
}

Taken ReadUntil::fail(std::size_t consumed) {
  state_ = State::kTooLong;
  consumed_ = consumed;
  return 0;
}

std::string ReadUntil::result() {
  if (state_ == State::kFound) return std::move(result_);
  if (state_ == State::kAtEnd) {
    throw IncompleteReadError(std::move(result_), std::nullopt);
  }
  throw LimitOverrunError(
      "the separator is not found within " + std::to_string(limit_) + " bytes",
      consumed_);
}

}  // namespace loop::read_operations
