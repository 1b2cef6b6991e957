// Any Unix: an array of what is watched, given to the kernel at every wait.

#ifndef SELECTORS_POLL_SELECTOR_H_
#define SELECTORS_POLL_SELECTOR_H_

#include <string_view>
#include <vector>

#include "selectors/base_selector_impl.h"

struct pollfd;

namespace selectors {

// Selector over poll(2). A select() costs what is registered: the kernel copies
// the array in and looks at every entry. For one or two descriptors it is
// faster than epoll. Takes any descriptor; regular files are always ready.
//
// Watches a number, not the file behind it: who closes a registered descriptor
// and opens another file under its number has that one watched. A registered
// number that nothing is open under is reported as ready at once.
// Port of selectors.PollSelector (CPython 3.13, Lib/selectors.py).
class PollSelector final : public BaseSelectorImpl {
 public:
  PollSelector();
  ~PollSelector() override;

  std::string_view name() const override { return "PollSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const Timeout& timeout) override;

  std::vector<pollfd> fds_;  // dense: Registration::mark is the place in it
};

}  // namespace selectors

#endif  // SELECTORS_POLL_SELECTOR_H_
