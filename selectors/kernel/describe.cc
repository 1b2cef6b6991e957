#include "selectors/kernel/describe.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <string>

namespace selectors {
namespace {

constexpr struct {
  int error;
  const char* name;
} kErrnoNames[] = {
    {EACCES, "EACCES"}, {EAGAIN, "EAGAIN"}, {EBADF, "EBADF"},
    {EEXIST, "EEXIST"}, {EFAULT, "EFAULT"}, {EINTR, "EINTR"},
    {EINVAL, "EINVAL"}, {EIO, "EIO"},       {ELOOP, "ELOOP"},
    {EMFILE, "EMFILE"}, {ENFILE, "ENFILE"}, {ENODEV, "ENODEV"},
    {ENOENT, "ENOENT"}, {ENOMEM, "ENOMEM"}, {ENOSPC, "ENOSPC"},
    {ENOSYS, "ENOSYS"}, {ENXIO, "ENXIO"},   {EOPNOTSUPP, "EOPNOTSUPP"},
    {EPERM, "EPERM"},   {EPIPE, "EPIPE"},
};

// Appends the decimals of a fraction: ".05" for 50 of 1,000; nothing for 0.
void append_fraction(std::string& text, std::uint64_t part,
                     std::uint64_t whole) {
  if (part == 0) return;
  std::string digits = std::to_string(whole + part);  // with its zeros: "1050"
  digits.front() = '.';
  digits.erase(digits.find_last_not_of('0') + 1);
  text += digits;
}

}  // namespace

void append_flags(std::string& text, unsigned long flags,
                  std::span<const FlagName> names) {
  const std::size_t start = text.size();
  const auto separate = [&] {
    if (text.size() > start) text += "|";
  };
  for (const auto& [flag, name] : names) {
    if ((flags & flag) == 0) continue;
    separate();
    text += name;
    flags &= ~flag;
  }
  if (flags == 0 && text.size() > start) return;
  separate();
  std::array<char, 2 * sizeof flags> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), flags, 16).ptr;
  append(text, flags == 0 ? "" : "0x", std::string_view(digits.data(), end));
}

// Uses whole numbers only: the conversion of floating-point numbers would add
// 170 KB to a program that links the standard library statically.
void append_duration(std::string& text, std::chrono::nanoseconds duration) {
  constexpr struct {
    std::uint64_t nanoseconds;
    const char* name;
  } kUnits[] = {{1'000'000'000, " s"}, {1'000'000, " ms"}, {1'000, " us"}};
  const std::int64_t count = duration.count();
  const auto size = count < 0 ? 0 - static_cast<std::uint64_t>(count)
                              : static_cast<std::uint64_t>(count);
  for (const auto& [unit, name] : kUnits) {
    if (size < unit) continue;
    std::uint64_t step = 1;  // of the last digit that is shown
    while (step < unit && size / step >= 10'000) step *= 10;
    const std::uint64_t rounded = (size + step / 2) / step * step;
    append(text, count < 0 ? "-" : "", rounded / unit);
    append_fraction(text, rounded % unit, unit);
    text += name;
    return;
  }
  append(text, count, " ns");
}

void append_errno(std::string& text, int error) {
  for (const auto& entry : kErrnoNames) {
    if (entry.error != error) continue;
    text += entry.name;
    return;
  }
  append(text, "errno ", error);
}

}  // namespace selectors
