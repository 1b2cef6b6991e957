// What a descriptor is, and what three kernel calls say of it. Linux.

#ifndef EXAMPLES_WHAT_IS_IT_H_
#define EXAMPLES_WHAT_IS_IT_H_

#include <string>

namespace examples {

/// "pipe, read end", "TCP listener", "timerfd"; "not open".
std::string kind_of(int fd);

/// Of "RWX" those that select(2) reports; "-" for none; or why it fails.
std::string select_says(int fd);

/// "IN|HUP"; "-" for none.
std::string poll_says(int fd);
/// The events, or the errno with which epoll_ctl(2) refuses it.
std::string epoll_says(int fd);

}  // namespace examples

#endif  // EXAMPLES_WHAT_IS_IT_H_
