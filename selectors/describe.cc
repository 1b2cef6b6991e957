#include "selectors/describe.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>

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

void append_duration(std::string& text, std::chrono::nanoseconds duration) {
  constexpr struct {
    double nanoseconds;
    const char* name;
  } kUnits[] = {{1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {1, " ns"}};
  const auto count = static_cast<double>(duration.count());
  for (const auto& unit : kUnits) {
    if (std::abs(count) < unit.nanoseconds && unit.nanoseconds > 1) continue;
    std::array<char, 32> digits;
    const auto end =
        std::to_chars(digits.begin(), digits.end(), count / unit.nanoseconds,
                      std::chars_format::general, 4)
            .ptr;
    append(text, std::string_view(digits.data(), end), unit.name);
    return;
  }
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
