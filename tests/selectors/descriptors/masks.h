// The words of a row, as the kernel's bits, and as what our selectors report.

#ifndef TESTS_SELECTORS_DESCRIPTORS_MASKS_H_
#define TESTS_SELECTORS_DESCRIPTORS_MASKS_H_

#include <string>
#include <string_view>

#include "selectors/selector_key.h"

namespace descriptors {

/// The bits of "IN|HUP"; poll(2) and epoll(7) share them. "-" is 0.
unsigned native_mask(std::string_view words);
std::string native_words(unsigned mask);

/// Whether a row says that the call fails; "EPERM", say.
bool is_errno(std::string_view row);
std::string errno_words(int error);

/// What a selector reports, that asks for READ and WRITE, where poll(2) or
/// epoll(7) says `mask`.
selectors::EventMask reported(unsigned mask);
/// And where select(2) says "RWX".
selectors::EventMask reported_by_select(std::string_view sets);

}  // namespace descriptors

#endif  // TESTS_SELECTORS_DESCRIPTORS_MASKS_H_
