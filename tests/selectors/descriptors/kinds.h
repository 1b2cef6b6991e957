// The kinds of descriptor: the states of each kind, and the results of the
// kernel for each state. descriptors_test.cc compares these rows with the
// kernel, document_test.cc with the tables of selectors/DESCRIPTORS.md.

#ifndef TESTS_SELECTORS_DESCRIPTORS_KINDS_H_
#define TESTS_SELECTORS_DESCRIPTORS_KINDS_H_

#include <string_view>
#include <vector>

#include "tests/selectors/descriptors/subject.h"

namespace descriptors {

/// A version of Linux, as a number that can be compared.
constexpr unsigned linux_version(unsigned major, unsigned minor) {
  return major * 1000 + minor;
}

/// The oldest kernel on which the rows are believed to hold.
inline constexpr unsigned kOldest = linux_version(5, 10);

/// The trap of a state for natural code.
enum class Trap {
  kNone,
  kEnd,     // Reported again and again at its end, until it is unregistered.
  kReader,  // Reported again and again with nothing to read: a busy loop.
  kWriter,  // Reported as writable although write() says EAGAIN: a busy loop.
  kHang,    // Something to read or to know, and no report for EVENT_READ.
};

/// The answer to whether EVENT_EDGE reports something new while the old data
/// are unread.
enum class Edge { kNotAsked, kReported, kSilent };

/// One state of a kind, with its maker and the result of each kernel call.
struct State {
  std::string_view when;
  Subject (*make)();
  std::string_view select;  // Of "RWX"; "-" for none; or the name of an errno.
  std::string_view poll;    // "IN|HUP"; "-" for none.
  std::string_view epoll;   // "IN|HUP"; "-"; or the errno of epoll_ctl().
  Trap trap = Trap::kNone;
  Edge edge = Edge::kNotAsked;
  unsigned since = kOldest;
};

/// One row of the document.
struct Kind {
  std::string_view name;
  std::vector<State> states;
  std::string_view advice;
};

/// The kinds of a chapter of the document, in its order.
struct Chapter {
  std::string_view title;
  std::vector<Kind> kinds;
};

std::vector<Kind> pipe_kinds();
std::vector<Kind> tcp_kinds();
std::vector<Kind> udp_kinds();
std::vector<Kind> unix_kinds();
std::vector<Kind> other_socket_kinds();
std::vector<Kind> terminal_kinds();
std::vector<Kind> event_kinds();
std::vector<Kind> process_kinds();
std::vector<Kind> watcher_kinds();
std::vector<Kind> proc_kinds();
std::vector<Kind> ring_kinds();
std::vector<Kind> device_kinds();
std::vector<Kind> refused_kinds();

/// Returns the chapters of the document with all kinds.
std::vector<Chapter> chapters();

/// Returns the name of a kind or a state as GoogleTest takes it:
/// "pipe_read_end".
std::string identifier(std::string_view text);

}  // namespace descriptors

#endif  // TESTS_SELECTORS_DESCRIPTORS_KINDS_H_
