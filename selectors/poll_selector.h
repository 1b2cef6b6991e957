// `PollSelector`: a selector over poll of every Unix, which passes an array of
// descriptors to the kernel at every wait.

#ifndef SELECTORS_POLL_SELECTOR_H_
#define SELECTORS_POLL_SELECTOR_H_

#include <string_view>
#include <vector>

#include "selectors/base_selector_impl.h"

struct pollfd;

namespace selectors {

/// A selector over poll(2). The cost of a select() depends on the number of
/// registered descriptors: the kernel copies the array in and checks every
/// entry. For one or two descriptors poll is faster than epoll.
///
/// ```cpp
/// selectors::PollSelector selector;
/// selector.register_(fd, selectors::EVENT_READ);
/// ```
///
/// Takes every open descriptor except O_PATH; regular files are always ready.
///
/// Watches a number, not the file behind it: if a registered descriptor is
/// closed and another file is opened under its number, the new file is watched.
/// While the number is not open, each select() reports it as ready.
///
/// The contract, including the thread rule, is that of BaseSelector.
///
/// Differs from Python: there, a closed number can be registered.
///
/// Port of selectors.PollSelector (CPython 3.15, Lib/selectors.py).
class PollSelector final : public BaseSelectorImpl {
 public:
  /// Makes a selector with nothing registered.
  PollSelector();
  /// Closes the selector.
  ~PollSelector() override;

  /// Returns "PollSelector".
  std::string_view name() const override { return "PollSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const WaitLimit& timeout) override;

  // Dense: Registration::backend_data is the index.
  std::vector<pollfd> fds_;
};

}  // namespace selectors

#endif  // SELECTORS_POLL_SELECTOR_H_
