// `kind_of()`, `select_says()`, `poll_says()`, `epoll_says()`: the kind of a
// descriptor, and the results of three kernel calls for it. Linux only.

#ifndef EXAMPLES_WHAT_IS_IT_H_
#define EXAMPLES_WHAT_IS_IT_H_

#include <string>

namespace examples {

/// Returns the kind of a descriptor: "pipe, read end", "TCP listener",
/// "timerfd"; or "not open".
std::string kind_of(int fd);

/// Returns the letters of "RWX" for the sets that select(2) reports, "-" for
/// none, or the error of select(2).
std::string select_says(int fd);

/// Returns the events that poll(2) reports: "IN|HUP"; or "-" for none.
std::string poll_says(int fd);

/// Returns the events that epoll_wait(2) reports: "IN|HUP"; "-" for none; or
/// the errno with which epoll_ctl(2) refuses the descriptor.
std::string epoll_says(int fd);

}  // namespace examples

#endif  // EXAMPLES_WHAT_IS_IT_H_
