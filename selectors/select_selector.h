// `SelectSelector`: a selector over select of every Unix, which passes bitmaps
// of descriptor numbers to the kernel at every wait.

#ifndef SELECTORS_SELECT_SELECTOR_H_
#define SELECTORS_SELECT_SELECTOR_H_

#include <memory>
#include <string_view>

#include "selectors/base_selector_impl.h"

namespace selectors {

/// A selector over select(2). The cost of a select() depends on the highest
/// registered number.
///
/// ```cpp
/// selectors::SelectSelector selector;
/// selector.register_(fd, selectors::EVENT_READ);
/// ```
///
/// The C library's fd_set has room for numbers below FD_SETSIZE (1024) only;
/// the kernel would take more. register_() refuses a higher number with
/// ValueError.
///
/// Watches a number, not the file behind it: if a registered descriptor is
/// closed and another file is opened under its number, the new file is watched.
/// While the number is not open, select() throws OSError (EBADF).
///
/// The contract, including the thread rule, is that of BaseSelector.
///
/// Differs from Python: there, a number that is too high or closed can be
/// registered, and then select() fails.
///
/// Port of selectors.SelectSelector (CPython 3.15, Lib/selectors.py).
class SelectSelector final : public BaseSelectorImpl {
 public:
  /// Makes a selector with nothing registered.
  SelectSelector();
  /// Closes the selector.
  ~SelectSelector() override;

  /// Returns "SelectSelector".
  std::string_view name() const override { return "SelectSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const WaitLimit& timeout) override;

  void watch(const Registration& registration, EventMask events);
  void report_raised();
  [[noreturn]] void throw_refused(int error) const;

  struct Sets;
  const std::unique_ptr<Sets> watched_;
  int nfds_ = 0;  // the highest watched number, plus one
};

}  // namespace selectors

#endif  // SELECTORS_SELECT_SELECTOR_H_
