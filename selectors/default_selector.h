// `DefaultSelector`: the best selector that the running kernel has.
//
// Only this header and its .cc contain `#if` for the choice of a backend. A new
// platform needs
//   - a header and a .cc of system calls, such as kernel/epoll.h, with a target
//     in kernel/BUILD,
//   - a backend (the functions under "Functions of a backend" in
//     base_selector_impl.h), with a target in BUILD,
//   - a branch in this header, in kBackends of default_selector.cc and in the
//     deps of :default_selector,
//   - a line in tests/support/all_selectors.h and, as the tests run on Linux,
//     its system calls written over poll(2), as in kqueue_stand_in.cc there,
//   - rows in README.md of this folder.

#ifndef SELECTORS_DEFAULT_SELECTOR_H_
#define SELECTORS_DEFAULT_SELECTOR_H_

#include <any>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "selectors/base_selector.h"

// As in Python, a selector exists where its kernel does.
#if defined(__linux__)
#include "selectors/epoll_selector.h"
#elif defined(__sun)
#include "selectors/devpoll_selector.h"
#else
#include "selectors/kqueue_selector.h"
#endif

namespace selectors {

/// The best selector that works here: the first of epoll, kqueue, /dev/poll,
/// poll and select.
///
/// ```cpp
/// selectors::DefaultSelector selector;
/// selector.register_(STDIN_FILENO, selectors::EVENT_READ);
/// for (const auto& [key, events] : selector.select(100ms)) {
///   read_from(key.fd);
/// }
/// ```
///
/// The constructor tries each backend, because a kernel or a sandbox may refuse
/// a call that the platform promises. The environment variable
/// SELECTORS_BACKEND=select, poll, epoll, kqueue or devpoll chooses a backend
/// by name, so that any program can be tried on any backend.
///
/// The contract, including the thread rule, is that of BaseSelector.
///
/// Port of selectors.DefaultSelector (CPython 3.15, Lib/selectors.py).
class DefaultSelector final : public BaseSelector {
 public:
  /// Chooses a backend and makes its selector. Throws ValueError if
  /// SELECTORS_BACKEND names a backend that this system does not have, OSError
  /// if the kernel refuses (EMFILE).
  DefaultSelector();
  /// Closes the selector.
  ~DefaultSelector() override;

  /// Starts watching `fileobj` for `events`. See BaseSelector::register_().
  const SelectorKey& register_(const FileObj& fileobj, EventMask events,
                               std::any data = {}) override;
  /// Stops watching `fileobj` and returns its key. See
  /// BaseSelector::unregister().
  SelectorKey unregister(const FileObj& fileobj) override;
  /// Changes the events and the data of a registered file object. See
  /// BaseSelector::modify().
  const SelectorKey& modify(const FileObj& fileobj, EventMask events,
                            std::any data = {}) override;
  /// Unregisters `fileobj` and registers it again. See
  /// BaseSelector::reregister().
  const SelectorKey& reregister(const FileObj& fileobj, EventMask events,
                                std::any data = {}) override;
  /// Watches `fileobj`, registered or not, and returns the kernel's refusal.
  /// See BaseSelector::try_watch().
  std::optional<OSError> try_watch(const FileObj& fileobj,
                                   EventMask events) override;
  /// Returns whether a closed descriptor may stay registered without harm. See
  /// BaseSelector::forgets_closed().
  bool forgets_closed() const override;
  /// Waits until a file object is ready or `timeout` has passed, and returns
  /// the ready ones. See BaseSelector::select().
  std::span<const ReadyKey> select(WaitLimit timeout = std::nullopt) override;
  /// Forgets all registrations and closes the kernel's object. See
  /// BaseSelector::close().
  void close() override;
  /// Returns the key of a registered file object. See BaseSelector::get_key().
  const SelectorKey& get_key(const FileObj& fileobj) const override;
  /// Returns a live view of the registered file objects; nullptr after close().
  /// See BaseSelector::get_map().
  const SelectorMap* get_map() const override;
  /// Returns a descriptor for waiting for this selector; throws ValueError if
  /// the chosen backend has none. See BaseSelector::fileno().
  int fileno() const override;
  /// Returns whether fileno() has been called. See
  /// BaseSelector::may_be_watched().
  bool may_be_watched() const override;
  /// Sets a function to be called whenever a signal interrupts the wait. See
  /// BaseSelector::set_interrupt_hook().
  void set_interrupt_hook(std::function<void()> hook) override;
  /// Gives the child of a fork() a kernel object of its own. See
  /// BaseSelector::after_fork_in_child().
  void after_fork_in_child() override;
  /// Returns the name of the chosen backend, such as "EpollSelector". See
  /// BaseSelector::name().
  std::string_view name() const override;

 private:
  const std::unique_ptr<BaseSelector> chosen_;
};

/// Returns a selector of the backend that a DefaultSelector would choose. Its
/// calls cost less, because no DefaultSelector passes them on. Throws
/// ValueError if SELECTORS_BACKEND names a backend that this system does not
/// have, OSError if the kernel refuses (EMFILE).
std::unique_ptr<BaseSelector> make_default_selector();

}  // namespace selectors

#endif  // SELECTORS_DEFAULT_SELECTOR_H_
