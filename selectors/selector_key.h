// `SelectorKey`, `ReadyKey`, `EventMask`: a registered file object, an entry of
// the result of select(), and the set of events in both.

#ifndef SELECTORS_SELECTOR_KEY_H_
#define SELECTORS_SELECTOR_KEY_H_

#include <any>
#include <string>

#include "selectors/file_obj.h"

namespace selectors {

/// A set of EVENT_ bits, the same for all kernels. Each backend translates the
/// bits to those of its kernel.
using EventMask = unsigned;

/// The file object is readable: read() will not block.
inline constexpr EventMask EVENT_READ = 1u << 0;
/// The file object is writable: write() will not block.
inline constexpr EventMask EVENT_WRITE = 1u << 1;

/// Modifier: reports a file object when something new arrives, not for as long
/// as something is there. The reader must read until EAGAIN, or the rest stays
/// unreported. Beyond Python: epoll and kqueue only, the other backends refuse
/// this modifier with ValueError.
inline constexpr EventMask EVENT_EDGE = 1u << 2;
/// Modifier: reports a file object once, and then not until modify() arms it
/// again. Beyond Python: epoll and kqueue only, the other backends refuse this
/// modifier with ValueError.
inline constexpr EventMask EVENT_ONESHOT = 1u << 3;

/// Urgent data, beyond Python: data out of band on a TCP connection, a change
/// of a pseudo-terminal in packet mode, of /proc/self/mounts, of a sysfs
/// attribute, a pressure trigger. select(2) calls it an exceptional condition,
/// poll(2) POLLPRI. kqueue has no such event, so that KqueueSelector refuses it
/// with ValueError.
/// Like every event, it is also reported at a hang-up or an error (not by
/// SelectSelector).
inline constexpr EventMask EVENT_PRIORITY = 1u << 5;

/// An error or a hang-up, beyond Python: one of the events that select()
/// reports comes from it. Never asked for, and never reported alone. A handler
/// that looks at this bit knows without a system call that its read() may meet
/// an error, or that recvmsg(MSG_ERRQUEUE) has something for it.
/// poll(2) and epoll call it POLLERR, POLLHUP and POLLNVAL; kqueue EV_EOF,
/// which is set at a half-close as well. select(2) does not tell, so that
/// SelectSelector never reports it.
inline constexpr EventMask EVENT_ERROR = 1u << 4;

/// Returns the names of `events`: "READ|WRITE". Unknown bits are shown in
/// hexadecimal; no events are "0".
std::string events_repr(EventMask events);

/// A registered file object: its descriptor, its events, and the data that the
/// program attached.
///
/// ```cpp
/// const selectors::SelectorKey& key =
///     selector.register_(fd, selectors::EVENT_READ, std::string("client"));
/// std::puts(std::any_cast<const std::string&>(key.data).c_str());
/// ```
///
/// Port of selectors.SelectorKey (CPython 3.15, Lib/selectors.py).
struct SelectorKey {
  /// The file object that was registered.
  FileObj fileobj;
  /// The descriptor of the file object.
  int fd;
  /// The events that the program waits for.
  EventMask events;
  /// The data that the program attached.
  std::any data;
};

/// An entry of the result of select(): a key, and its events that are ready.
///
/// ```cpp
/// for (const auto& [key, events] : selector.select()) {
///   if (events & selectors::EVENT_READ) read_from(key.fd);
/// }
/// ```
struct ReadyKey {
  /// Makes the entry of a key and its events.
  ReadyKey(const SelectorKey& ready_key, EventMask ready_events)
      : key(ready_key), events(ready_events) {}

  /// The key; valid until the next select() or close().
  const SelectorKey& key;
  /// The events of the key that are ready, and EVENT_ERROR if one of them comes
  /// from an error or a hang-up.
  EventMask events;
};

}  // namespace selectors

#endif  // SELECTORS_SELECTOR_KEY_H_
