// `append()`, `append_flags()`, `append_duration()`, `append_errno()`,
// `append_list()`: the text of traces and error messages.

#ifndef SELECTORS_KERNEL_DESCRIBE_H_
#define SELECTORS_KERNEL_DESCRIBE_H_

#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace selectors {

/// A bit and its name.
struct FlagName {
  unsigned long flag;
  const char* name;
};

// Appends one part of append().
inline void append_one(std::string& text, std::string_view words) {
  text += words;
}
inline void append_one(std::string& text, std::integral auto number) {
  text += std::to_string(number);
}

/// Appends `parts`, each a string or an integer, to `text`.
template <class... Parts>
void append(std::string& text, const Parts&... parts) {
  (append_one(text, parts), ...);
}

/// Appends the names of `flags`: "IN|OUT". Bits without a name are shown in
/// hexadecimal; no flags are "0".
void append_flags(std::string& text, unsigned long flags,
                  std::span<const FlagName> names);

/// Appends a duration, with up to four digits: "320 ns", "1.5 us", "3 s".
void append_duration(std::string& text, std::chrono::nanoseconds duration);

/// Appends the name of an errno: "ENOENT". An errno without a name here is
/// shown as a number: "errno 200".
void append_errno(std::string& text, int error);

/// Appends a list of `count` items: "[a, b, ... 3 more]". Calls
/// `append_item`(text, item) for the first eight only: a trace that prints
/// 10,000 entries shows nothing.
template <class T, class AppendItem>
void append_list(std::string& text, const T* items, std::ptrdiff_t count,
                 AppendItem append_item) {
  constexpr std::ptrdiff_t kShown = 8;
  text += "[";
  for (std::ptrdiff_t i = 0; i < count && i < kShown; ++i) {
    if (i > 0) text += ", ";
    append_item(text, items[i]);
  }
  if (count > kShown) append(text, ", ... ", count - kShown, " more");
  text += "]";
}

}  // namespace selectors

#endif  // SELECTORS_KERNEL_DESCRIBE_H_
