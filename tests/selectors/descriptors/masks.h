// Conversions between the words of a row, the bits of the kernel, and the
// reports of our selectors.

#ifndef TESTS_SELECTORS_DESCRIPTORS_MASKS_H_
#define TESTS_SELECTORS_DESCRIPTORS_MASKS_H_

#include <string>
#include <string_view>

#include "selectors/selector_key.h"

namespace descriptors {

/// Returns the bits of words such as "IN|HUP", which are the same for poll(2)
/// and epoll(7). "-" is 0.
unsigned native_mask(std::string_view words);
std::string native_words(unsigned mask);

/// Returns whether a row says that the call fails, for example with "EPERM".
bool is_errno(std::string_view row);
std::string errno_words(int error);

/// Returns the report of a selector, asked for READ and WRITE, where poll(2) or
/// epoll(7) returns `mask`.
selectors::EventMask reported(unsigned mask);
/// Returns the report of a selector, asked for READ and WRITE, where select(2)
/// returns `sets`, for example "RWX".
selectors::EventMask reported_by_select(std::string_view sets);

}  // namespace descriptors

#endif  // TESTS_SELECTORS_DESCRIPTORS_MASKS_H_
