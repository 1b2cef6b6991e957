// Any Unix: an array of what is watched, given to the kernel at every wait.

#ifndef SELECTORS_POLL_SELECTOR_H_
#define SELECTORS_POLL_SELECTOR_H_

#include <string_view>
#include <vector>

#include "selectors/base_selector_impl.h"

struct pollfd;

namespace selectors {

/// Selector over poll(2). A select() costs what is registered: the kernel
/// copies the array in and checks every entry. For one or two descriptors it is
/// faster than epoll. Takes any descriptor; regular files are always ready.
///
/// Watches a number, not the file behind it: if a registered descriptor is
/// closed and another file opened under its number, that one is watched. While
/// nothing is open under it, it is reported as ready in each select().
/// Differs from Python: there, a closed number can be registered.
/// Port of selectors.PollSelector (CPython 3.15, Lib/selectors.py).
class PollSelector final : public BaseSelectorImpl {
 public:
  PollSelector();
  ~PollSelector() override;

  std::string_view name() const override { return "PollSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const WaitLimit& timeout) override;

  std::vector<pollfd>
      fds_;  // dense: Registration::backend_data is the place in it
};

}  // namespace selectors

#endif  // SELECTORS_POLL_SELECTOR_H_
