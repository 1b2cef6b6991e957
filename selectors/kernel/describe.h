// Words for numbers: how traces and error messages show flags, errors, times.

#ifndef SELECTORS_KERNEL_DESCRIBE_H_
#define SELECTORS_KERNEL_DESCRIBE_H_

#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace selectors {

struct FlagName {
  unsigned long flag;
  const char* name;
};

inline void append_one(std::string& text, std::string_view words) {
  text += words;
}
inline void append_one(std::string& text, std::integral auto number) {
  text += std::to_string(number);
}

template <class... Parts>
void append(std::string& text, const Parts&... parts) {
  (append_one(text, parts), ...);
}

// "IN|OUT"; bits without a name in hexadecimal; "0" for none.
void append_flags(std::string& text, unsigned long flags,
                  std::span<const FlagName> names);

// "320 ns", "1.5 us", "100 ms", "3 s".
void append_duration(std::string& text, std::chrono::nanoseconds duration);

// "ENOENT"; the number for one without a name here.
void append_errno(std::string& text, int error);

// "[a, b, ... 3 more]": a trace that prints 10,000 entries shows nothing.
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
