// `EpollSelector`: a selector over epoll of Linux, where the kernel keeps the
// list of descriptors and reports the ready ones.

#ifndef SELECTORS_EPOLL_SELECTOR_H_
#define SELECTORS_EPOLL_SELECTOR_H_

#include <cstdint>
#include <string_view>

#include "selectors/base_selector_impl.h"
#include "selectors/event_buffer.h"

struct epoll_event;

namespace selectors {

/// A selector over epoll(7). The cost of a select() depends on the number of
/// ready descriptors, not on the number of registered ones.
///
/// ```cpp
/// selectors::EpollSelector selector;
/// selector.register_(fd, selectors::EVENT_READ | selectors::EVENT_EDGE);
/// ```
///
/// Refuses regular files, directories and /dev/null with OSError (EPERM).
/// Supports EVENT_EDGE and EVENT_ONESHOT. The contract, including the thread
/// rule, is that of BaseSelector.
///
/// Differs from Python: there, if one of two descriptors of a file (dup()) is
/// closed, events of the file can reach the next registration of the closed
/// number.
///
/// Port of selectors.EpollSelector (CPython 3.15, Lib/selectors.py).
class EpollSelector final : public BaseSelectorImpl {
 public:
  /// Makes an epoll instance. Throws OSError.
  EpollSelector();
  /// Closes the selector.
  ~EpollSelector() override;

  /// Returns the descriptor of an epoll instance that watches the one of this
  /// selector. Makes that instance at the first call; throws OSError. See
  /// BaseSelector::fileno().
  int fileno() const override;
  /// Returns true: a closed descriptor may stay registered without harm. See
  /// BaseSelector::forgets_closed().
  bool forgets_closed() const override { return true; }
  /// Returns "EpollSelector".
  std::string_view name() const override { return "EpollSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  std::optional<OSError> renew(Registration& registration) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const WaitLimit& timeout) override;
  bool has_kernel_object() const override { return true; }
  void close_kernel_object() noexcept override;
  void renew_after_fork() override;

  std::uint32_t next_generation();
  int ask(epoll_event* events, int room, const WaitLimit& timeout);
  template <bool kIsFirst>
  void report_event(const epoll_event& event);
  void report_odd(Registration* registration, std::uint32_t generation,
                  unsigned answer);
  bool is_watched(int fd);
  void replace_instance();

  int epfd_ = -1;
  mutable int outer_ = -1;  // Result of fileno(): an instance that has epfd_.
  std::uint32_t last_generation_ = 0;  // An even number.
  bool has_nanoseconds_ = true;        // until epoll_pwait2 answers ENOSYS
  bool has_strays_ = false;            // see the top of epoll_selector.cc
  EventBuffer<epoll_event> events_;
};

}  // namespace selectors

#endif  // SELECTORS_EPOLL_SELECTOR_H_
