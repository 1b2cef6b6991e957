// The bookkeeping that all backends share, once. A backend adds system calls
// only: it implements the functions under "What a backend supplies".

#ifndef SELECTORS_BASE_SELECTOR_IMPL_H_
#define SELECTORS_BASE_SELECTOR_IMPL_H_

#include <any>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "selectors/base_selector.h"
#include "selectors/errors.h"
#include "selectors/forks.h"
#include "selectors/registration_table.h"
#include "selectors/single_user.h"

namespace selectors {

// Port of selectors._BaseSelectorImpl (CPython 3.15, Lib/selectors.py).
class BaseSelectorImpl : public BaseSelector {
 public:
  const SelectorKey& register_(const FileObj& fileobj, EventMask events,
                               std::any data = {}) final;
  SelectorKey unregister(const FileObj& fileobj) final;
  const SelectorKey& modify(const FileObj& fileobj, EventMask events,
                            std::any data = {}) final;
  const SelectorKey& reregister(const FileObj& fileobj, EventMask events,
                                std::any data = {}) final;
  std::optional<OSError> try_watch(const FileObj& fileobj,
                                   EventMask events) final;
  std::span<const ReadyKey> select(WaitLimit timeout = std::nullopt) final;
  void close() final;
  const SelectorKey& get_key(const FileObj& fileobj) const final;
  const SelectorMap* get_map() const final;
  int fileno() const override;
  bool may_be_watched() const final { return may_be_watched_; }
  void set_interrupt_hook(std::function<void()> hook) final;
  void after_fork_in_child() final;

 protected:
  // `supported`: the EVENT_ bits that the kernel behind a backend knows.
  explicit BaseSelectorImpl(EventMask supported) : supported_(supported) {}

  // ---- What a backend supplies. ----

  // Starts watching. Returns the kernel's refusal, and then watches nothing.
  // May throw ValueError.
  virtual std::optional<OSError> add(Registration& registration) = 0;

  // Watches what `registration` now asks for, instead of `old_events`. Throws
  // OSError; it is then removed.
  virtual void change(Registration& registration, EventMask old_events) = 0;

  // Does what remove() and add() do, in fewer calls if the kernel has a way.
  virtual std::optional<OSError> renew(Registration& registration) {
    remove(registration);
    return add(registration);
  }

  // Stops watching. A descriptor that is gone is no error. Where
  // is_inherited(), the kernel object is left alone.
  virtual void remove(const Registration& registration) noexcept = 0;

  // Waits once, and calls report() for each file object that is ready. Returns
  // false if a signal cut it short. Throws OSError.
  virtual bool wait(const WaitLimit& timeout) = 0;

  // Returns whether there is an object in the kernel, which children of fork()
  // share. If not, they work with their copy of the selector.
  virtual bool has_kernel_object() const { return false; }

  // Gives the kernel's object back, if there is one.
  virtual void close_kernel_object() noexcept {}

  // Replaces the kernel's object by one that is not shared with a parent.
  virtual void renew_after_fork() {}

  // ---- What a backend calls. ----

  const RegistrationTable& registrations() const { return table_; }

  // Throws ValueError after close().
  void check_open() const {
    if (closed_) [[unlikely]]
      throw_closed();
  }

  // Called by fileno() of those that have one.
  void note_watcher() const { may_be_watched_ = true; }

  // Returns whether the kernel object, if there is one, is that of the parent:
  // in a child of fork().
  bool is_inherited() const { return process_.is_left(); }

  // What report() has put into the batch so far.
  std::span<const ReadyKey> reported() const { return ready_; }

  // Room for `count` more reports, which report() relies on. Made before the
  // kernel is asked if it tells an event only once, which must not be lost for
  // want of memory.
  void reserve_reports(int count) {
    ready_.reserve(ready_.size() + static_cast<std::size_t>(count));
  }

  // Adds `events` (EVENT_READ, EVENT_WRITE, both), or what the registration
  // wants of them, to the batch; to its entry, if it has one already.
  void report(Registration& registration, EventMask events) {
    events &= registration.events;
    if (events == 0) return;
    if (in_batch(registration)) {
      ready_[registration.ready_index].events |= events;
      return;
    }
    registration.ready_index = static_cast<std::uint32_t>(ready_.size());
    // Said to the compiler, which then leaves out the code that makes room.
    assert(ready_.size() < ready_.capacity());
    if (ready_.size() == ready_.capacity()) __builtin_unreachable();
    ready_.push_back({registration, events});
  }

 private:
  // Is it one of the keys that the last select() returned? `ready_index` may be
  // left over from an earlier batch; it is believed only if the entry that it
  // leads to leads back (Briggs and Torczon, "An efficient representation for
  // sparse sets", 1993). So nothing has to be reset between batches.
  bool in_batch(const Registration& registration) const {
    return registration.ready_index < ready_.size() &&
           &ready_[registration.ready_index].key == &registration;
  }

  // Throws RuntimeError in a child of fork() until after_fork_in_child() has
  // succeeded, unless nothing is shared with the parent.
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
    // While close() runs some are still in the table; data whose destructor
    // asks for them is told that they are gone.
    if (registration == nullptr || closed_) [[unlikely]]
      throw_not_registered(fileobj);
    return *registration;
  }
  void check_events(EventMask events) const {
    const bool asks = (events & (EVENT_READ | EVENT_WRITE)) != 0;
    if (!asks || (events & ~supported_) != 0) [[unlikely]] {
      throw_invalid(events);
    }
  }
  // Gives a registration new events and data; returns what is registered now.
  // The old data is left in `data`, to die with the caller's argument: whatever
  // its destructor does, it does it when all is done.
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
  HomeProcess process_;  // The owner of the kernel object.
  RegistrationTable table_;
  SelectorMap map_{table_};
  std::vector<ReadyKey> ready_;
  std::size_t retired_ = 0;  // keys in ready_ that are registered no more
  std::function<void()> interrupt_hook_;
  SingleUser user_;
};

}  // namespace selectors

#endif  // SELECTORS_BASE_SELECTOR_IMPL_H_
