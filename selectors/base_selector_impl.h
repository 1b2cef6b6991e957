// `BaseSelectorImpl`: the bookkeeping that all backends share. A backend adds
// system calls only: it implements the functions under "Functions of a
// backend".

#ifndef SELECTORS_BASE_SELECTOR_IMPL_H_
#define SELECTORS_BASE_SELECTOR_IMPL_H_

#include <any>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "selectors/base_selector.h"
#include "selectors/errors.h"
#include "selectors/forks.h"
#include "selectors/registration_table.h"
#include "selectors/single_user.h"

namespace selectors {

/// The base class of all backends: checks arguments, keeps the registrations
/// and collects the ready keys. See BaseSelector for the contract.
///
/// Port of selectors._BaseSelectorImpl (CPython 3.15, Lib/selectors.py).
class BaseSelectorImpl : public BaseSelector {
 public:
  /// Starts watching `fileobj` for `events`. See BaseSelector::register_().
  const SelectorKey& register_(const FileObj& fileobj, EventMask events,
                               std::any data = {}) final;
  /// Stops watching `fileobj` and returns its key. See
  /// BaseSelector::unregister().
  SelectorKey unregister(const FileObj& fileobj) final;
  /// Changes the events and the data of a registered file object. See
  /// BaseSelector::modify().
  const SelectorKey& modify(const FileObj& fileobj, EventMask events,
                            std::any data = {}) final;
  /// Unregisters `fileobj` and registers it again. See
  /// BaseSelector::reregister().
  const SelectorKey& reregister(const FileObj& fileobj, EventMask events,
                                std::any data = {}) final;
  /// Watches `fileobj`, registered or not, and returns the kernel's refusal.
  /// See BaseSelector::try_watch().
  std::optional<OSError> try_watch(const FileObj& fileobj,
                                   EventMask events) final;
  /// Waits until a file object is ready or `timeout` has passed, and returns
  /// the ready ones. See BaseSelector::select().
  std::span<const ReadyKey> select(WaitLimit timeout = std::nullopt) final;
  /// Forgets all registrations and closes the kernel's object. See
  /// BaseSelector::close().
  void close() final;
  /// Returns the key of a registered file object. See BaseSelector::get_key().
  const SelectorKey& get_key(const FileObj& fileobj) const final;
  /// Returns a live view of the registered file objects; nullptr after close().
  /// See BaseSelector::get_map().
  const SelectorMap* get_map() const final;
  /// Throws ValueError: this backend has no kernel object, unless it overrides
  /// this function. See BaseSelector::fileno().
  int fileno() const override;
  /// Returns whether fileno() has been called. See
  /// BaseSelector::may_be_watched().
  bool may_be_watched() const final { return may_be_watched_; }
  /// Sets a function to be called whenever a signal interrupts the wait. See
  /// BaseSelector::set_interrupt_hook().
  void set_interrupt_hook(std::function<void()> hook) final;
  /// Gives the child of a fork() a kernel object of its own. See
  /// BaseSelector::after_fork_in_child().
  void after_fork_in_child() final;

 protected:
  // `supported`: the EVENT_ bits that the kernel behind the backend knows.
  explicit BaseSelectorImpl(EventMask supported) : supported_(supported) {}

  // ---- Functions of a backend. ----

  // Starts watching. If the kernel refuses, watches nothing and returns the
  // refusal. May throw ValueError.
  virtual std::optional<OSError> add(Registration& registration) = 0;

  // Watches the new events of `registration` instead of `old_events`. Throws
  // OSError if the kernel refuses, and then watches `registration` no more.
  virtual void change(Registration& registration, EventMask old_events) = 0;

  // Stops watching `registration` and starts again, in fewer calls than
  // remove() and add() if the kernel has a way. Returns the kernel's refusal.
  virtual std::optional<OSError> renew(Registration& registration) {
    remove(registration);
    return add(registration);
  }

  // Stops watching. A descriptor that is gone is no error. Leaves the kernel
  // object alone if is_inherited().
  virtual void remove(const Registration& registration) noexcept = 0;

  // Waits once, and calls report() for each ready file object. Returns false if
  // a signal interrupted the wait. Throws OSError.
  virtual bool wait(const WaitLimit& timeout) = 0;

  // Returns whether the backend has an object in the kernel, which children of
  // fork() share. If not, children use their copy of the selector.
  virtual bool has_kernel_object() const { return false; }

  // Closes the kernel's object, if there is one.
  virtual void close_kernel_object() noexcept {}

  // Replaces the kernel's object by one that is not shared with the parent.
  virtual void renew_after_fork() {}

  // ---- Functions for a backend to call. ----

  // Returns the table of all registrations.
  const RegistrationTable& registrations() const { return table_; }

  // Throws ValueError after close().
  void check_open() const {
    if (closed_) [[unlikely]]
      throw_closed();
  }

  // Notes that another selector may watch this one. For fileno() of backends
  // that have a descriptor.
  void note_watcher() const { may_be_watched_ = true; }

  // Returns whether this is a child of fork(), in which the kernel object, if
  // there is one, is still the parent's.
  bool is_inherited() const { return process_.is_left(); }

  // Returns the keys that report() has put into the batch so far.
  std::span<const ReadyKey> reported() const { return ready_; }

  // Makes room for `count` more reports, as report() requires. A backend whose
  // kernel reports an event only once calls this before it waits, so that no
  // event is lost when memory runs out.
  void reserve_reports(int count) {
    ready_.reserve(ready_.size() + static_cast<std::size_t>(count));
  }

  // Adds to the batch those of `events` that the registration asks for. Extends
  // the entry of the registration if the batch has one already.
  void report(Registration& registration, EventMask events) {
    if (in_batch(registration)) {
      ready_[registration.ready_index].events |= events & registration.events;
      return;
    }
    report_first(registration, events);
  }

  // Adds to the batch those of `events` that the registration asks for. The
  // batch must not have the registration. Inlined: it runs for each event.
  [[gnu::always_inline]] void report_first(Registration& registration,
                                           EventMask events) {
    events &= registration.events;
    if (events == 0) return;
    registration.ready_index = static_cast<std::uint32_t>(ready_.size());
    // Tells the compiler, which then leaves out the code that makes room.
    assert(ready_.size() < ready_.capacity());
    if (ready_.size() == ready_.capacity()) __builtin_unreachable();
    ready_.emplace_back(registration, events);
  }

  // Like report(). Also adds EVENT_ERROR, if `events` has it and the
  // registration is in the batch.
  void report_mixed(Registration& registration, EventMask events);

  // Adds a kernel's answer in the words of poll(2); see PollEvents. Nearly all
  // answers are the first two. `kIsFirst`: the registration is certainly not in
  // the batch.
  template <class Native, bool kIsFirst>
  void report_native(Registration& registration, unsigned answer) {
    EventMask events = EVENT_READ;
    if (answer != Native::kIn) {
      if (answer != Native::kOut) [[unlikely]]
        return report_mixed(registration, Native::meaning(answer));
      events = EVENT_WRITE;
    }
    if constexpr (kIsFirst) {
      report_first(registration, events);
    } else {
      report(registration, events);
    }
  }

 private:
  // Returns whether `registration` is one of the keys that the last select()
  // returned.
  bool in_batch(const Registration& registration) const {
    // `ready_index` may be left over from an earlier batch. It is valid only if
    // the entry at that index refers back to the registration (Briggs and
    // Torczon, "An efficient representation for sparse sets", 1993). So nothing
    // has to be reset between batches.
    return registration.ready_index < ready_.size() &&
           &ready_[registration.ready_index].key == &registration;
  }

  static constexpr EventMask kAsked = EVENT_READ | EVENT_WRITE | EVENT_PRIORITY;

  // Throws RuntimeError in a child of fork() until after_fork_in_child() has
  // succeeded, unless the selector shares nothing with the parent.
  void check_home() const {
    if (is_inherited()) [[unlikely]]
      check_unshared();
  }

  [[noreturn]] static void throw_closed();
  [[gnu::cold]] void check_unshared() const;
  [[noreturn]] static void throw_not_registered(const FileObj& fileobj);
  [[noreturn]] void throw_invalid(EventMask events) const;

  Registration& registered(const FileObj& fileobj) const {
    Registration* const registration = table_.lookup(fileobj);
    // While close() runs, some registrations are still in the table. A
    // destructor of data that asks for one gets the same KeyError as after
    // close().
    if (registration == nullptr || closed_) [[unlikely]]
      throw_not_registered(fileobj);
    return *registration;
  }
  void check_events(EventMask events) const {
    const bool asks = (events & kAsked) != 0;
    if (!asks || (events & ~supported_) != 0) [[unlikely]] {
      throw_invalid(events);
    }
  }
  // Gives a registration new events and data; returns the registration that is
  // in the table now. Leaves the old data in `data`, to be destroyed with the
  // caller's argument, when everything else is done: its destructor may do
  // anything.
  Registration& updated(Registration& registration, EventMask events,
                        std::any& data) {
    if (in_batch(registration)) [[unlikely]]
      return replaced(registration, events, data);
    registration.events = events;
    registration.data.swap(data);
    return registration;
  }
  Registration& replaced(const Registration& registration, EventMask events,
                         std::any& data);
  // Returns the key of a registration that is about to end: a copy if the key
  // is in the batch, and so stays readable.
  SelectorKey take_key(Registration& registration) const {
    SelectorKey& key = registration;
    return in_batch(registration) ? key : std::move(key);
  }
  std::optional<OSError> start(const FileObj& fileobj, EventMask events,
                               std::any&& data);
  std::optional<OSError> restart(Registration& old, const FileObj& fileobj,
                                 EventMask events, std::any& data);
  void discard(Registration& registration) noexcept;
  void run_interrupt_hook();
  void clear_batch() noexcept {
    if (retired_ > 0) [[unlikely]]
      destroy_retired();
    ready_.clear();
  }
  void destroy_retired() noexcept;

  const EventMask supported_;
  bool closed_ = false;
  mutable bool may_be_watched_ = false;
  HomeProcess process_;  // the owner of the kernel object
  RegistrationTable table_;
  SelectorMap map_{table_};
  std::vector<ReadyKey> ready_;
  std::size_t retired_ = 0;  // keys in ready_ that are registered no more
  std::function<void()> interrupt_hook_;
  SingleUser user_;
};

}  // namespace selectors

#endif  // SELECTORS_BASE_SELECTOR_IMPL_H_
