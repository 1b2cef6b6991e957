// `DevpollSelector`: a selector over /dev/poll of Solaris, a device that keeps
// the array of poll in the kernel.

#ifndef SELECTORS_DEVPOLL_SELECTOR_H_
#define SELECTORS_DEVPOLL_SELECTOR_H_

#include <string_view>

#include "selectors/base_selector_impl.h"
#include "selectors/event_buffer.h"

struct pollfd;

namespace selectors {

/// A selector over /dev/poll, poll(7D). The kernel keeps the set of
/// descriptors. Timeouts are rounded up to whole milliseconds. Like poll, the
/// kernel watches a number, not the file behind it.
///
/// ```cpp
/// selectors::DevpollSelector selector;
/// selector.register_(fd, selectors::EVENT_READ);
/// ```
///
/// The contract, including the thread rule, is that of BaseSelector.
///
/// Port of selectors.DevpollSelector (CPython 3.15, Lib/selectors.py).
class DevpollSelector final : public BaseSelectorImpl {
 public:
  /// Opens /dev/poll. Throws OSError.
  DevpollSelector();
  /// Closes the selector.
  ~DevpollSelector() override;

  /// Returns the descriptor of /dev/poll. See BaseSelector::fileno().
  int fileno() const override;
  /// Returns "DevpollSelector".
  std::string_view name() const override { return "DevpollSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const WaitLimit& timeout) override;
  bool has_kernel_object() const override { return true; }
  void close_kernel_object() noexcept override;
  void renew_after_fork() override;

  // Takes `fd` out of the set in the kernel.
  void forget(int fd) noexcept;
  void report_event(const pollfd& event);

  int devpoll_ = -1;
  EventBuffer<pollfd> events_;
};

}  // namespace selectors

#endif  // SELECTORS_DEVPOLL_SELECTOR_H_
