// Solaris: poll's array, kept in the kernel behind a device.

#ifndef SELECTORS_DEVPOLL_SELECTOR_H_
#define SELECTORS_DEVPOLL_SELECTOR_H_

#include <string_view>

#include "selectors/base_selector_impl.h"
#include "selectors/event_buffer.h"

struct pollfd;

namespace selectors {

// Selector over /dev/poll, poll(7D). The kernel keeps the set, and waits in
// whole milliseconds. Like poll, it watches a number, not the file behind it.
// Port of selectors.DevpollSelector (CPython 3.15, Lib/selectors.py).
class DevpollSelector final : public BaseSelectorImpl {
 public:
  // Throws OSError.
  DevpollSelector();
  ~DevpollSelector() override;

  int fileno() const override;
  std::string_view name() const override { return "DevpollSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const WaitLimit& timeout) override;
  bool has_kernel_object() const override { return true; }
  void close_kernel_object() noexcept override;
  void renew_after_fork() override;

  void forget(int fd) noexcept;

  int devpoll_ = -1;
  EventBuffer<pollfd> events_;
};

}  // namespace selectors

#endif  // SELECTORS_DEVPOLL_SELECTOR_H_
