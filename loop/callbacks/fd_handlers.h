// `FdHandlers`: the readers and writers of a loop, and their registration with
// the selector.
//
// Deferred updates. The selector gets only the net change, when the loop is
// about to wait: a reader and a writer that are added and removed by then cost
// no epoll_ctl(). But a number whose last handler was removed, or whose handler
// was replaced, is registered as if it were new: the program or a library may
// have closed the descriptor and got the number again for another file, which
// the selector then watches.
//
// Deferred unregister. A descriptor that lost its last handler is likely to get
// another soon: a program that waits for one message after the other adds and
// removes a reader for each. Deleting an entry of the kernel's list and adding
// it again costs four times as much as changing it. So if the selector supports
// this (epoll), an unwanted descriptor is unregistered
//   - when the next iteration finds it still unwanted,
//   - before the loop blocks, as nothing unwanted may end the wait.
//
// EVENT_ONESHOT. The kernel's entry of a closed number survives while another
// descriptor of its file is open (a child of fork() has one). That entry must
// not wake the loop forever. So where the selector supports deferred
// unregister, a new descriptor is watched with EVENT_ONESHOT. A descriptor that
// was reported in two iterations, and still has handlers, is watched without
// it. A descriptor that loses its last handler becomes EVENT_ONESHOT at once,
// because the kernel's entry cannot be changed any more after a close().
//
// Waits. A task that waits for a descriptor is a handler, too: a closure of
// class Wait. The owner of a descriptor, which knows when it is closed, can
// keep that handler between two waits, so that waiting again costs no system
// call. A waiter may also stay in its handler between two waits, idle: see
// DescriptorWaiter.

#ifndef LOOP_CALLBACKS_FD_HANDLERS_H_
#define LOOP_CALLBACKS_FD_HANDLERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/handler_pool.h"
#include "loop/callbacks/source_location.h"
#include "selectors/base_selector.h"
#include "selectors/fd_array.h"
#include "selectors/file_obj.h"
#include "selectors/selector_key.h"

namespace loop {

/// The readers and writers of one loop, by descriptor number. For the loop's
/// thread only.
class FdHandlers {
 public:
  /// The side of a descriptor that a handler waits for.
  enum Side : std::uint8_t { kReader, kWriter, kPriorityReader };

  /// Returns "reader", "writer" or "priority reader", for messages.
  static const char* name_of(Side side);

  /// A handler that the selector refused to register, and that was removed.
  struct Refused {
    int fd;
    Side side;
    SourceLocation where;
    std::exception_ptr error;
  };

  /// Makes an empty table, which registers with `selector` and whose handlers
  /// `pool` owns. Both must outlive the table.
  FdHandlers(selectors::BaseSelector& selector, HandlerPool& pool)
      : selector_(selector),
        pool_(pool),
        lets_go_slowly_(selector.forgets_closed()) {}

  /// Adds a handler, or replaces the present one. While the loop runs, asks the
  /// kernel whether the number is open, unless the loop knows this.
  /// Throws ValueError for an object without a descriptor and, while the loop
  /// runs, OSError (EBADF) for a number that is not open; then nothing has
  /// changed. tell_selector() finds other refusals.
  template <class F>
  void add(const selectors::FileObj& fileobj, Side side, F&& callback,
           const SourceLocation& where) {
    check(fileobj, side);
    add_checked(fileobj, side, std::forward<F>(callback), where);
  }

  /// Adds a handler that takes the events that the selector reported. Throws,
  /// and replaces, as add() does.
  template <class F>
  void add_with_events(const selectors::FileObj& fileobj, Side side,
                       F&& callback, const SourceLocation& where) {
    check(fileobj, side);  // Before the callback is moved.
    auto run = [this, callback = std::forward<F>(callback)]() mutable {
      callback(selectors::EventMask{reported_});
    };
    add_checked(fileobj, side, std::move(run), where);
    Watch& watch = by_fd_[fileobj.fileno()];
    watch.takes_events = watch.needs_care = true;
  }

  /// Removes a handler. Returns false if there is none. An object that was
  /// closed is found by its identity; if several numbers match, the one that
  /// got its first handler earliest is chosen.
  bool remove(const selectors::FileObj& fileobj, Side side);

  /// Makes `waiter` wait for one side of a descriptor, until end_wait().
  /// Throws RuntimeError if the side has a handler already, unless that is an
  /// idle waiter, and the errors of add(); then nothing has changed. Later
  /// refusals end the wait with DescriptorWaiter::failed().
  /// If the selector finds (epoll does) that the number now means another file,
  /// the task that waited for the earlier file gets OSError (EBADF).
  void wait(int fd, Side side, DescriptorWaiter& waiter,
            const SourceLocation& where) {
    Wait* const kept = by_fd_.has(fd) ? wait_of(fd, side) : nullptr;
    if (kept == nullptr || kept->waiter != nullptr) [[unlikely]]
      return add_wait(fd, side, waiter, where);
    by_fd_[fd].handlers[side]->scheduled.where = where;
    kept->waiter = &waiter;
    waiter.is_waiting_ = true;
  }

  /// Ends a wait that has not failed. Removes its handler or, if `keep` is
  /// true, keeps the handler for the next wait; then the caller must call
  /// end_waits() before the number is closed. An event that comes before the
  /// next wait removes the handler.
  void end_wait(int fd, Side side, bool keep) {
    Wait& wait = *wait_of(fd, side);
    std::exchange(wait.waiter, nullptr)->is_waiting_ = false;
    if (!keep) remove(fd, side);
  }

  /// Removes the handlers that wait() and end_wait() left for a descriptor that
  /// is about to be closed. Tasks that still wait get OSError (EBADF).
  void end_waits(int fd);

  /// Returns whether take_failed() has a waiter to return.
  bool has_failed() const { return first_failed_ != nullptr; }
  /// Takes a waiter whose wait has failed out of the table: the caller must
  /// call its failed(). There must be one: see has_failed().
  DescriptorWaiter* take_failed() {
    return std::exchange(first_failed_, first_failed_->next_failed_);
  }

  /// Removes all handlers, and ends all waits. Calls report(where) with the
  /// source location of each handler that is no wait.
  template <class Report>
  void remove_all(Report report) {
    // By number, as destructors of callbacks may remove other handlers.
    for (int fd = 0; fd < by_fd_.end(); ++fd) {
      for (const Side side : kSides) {
        Handler* const handler = take(by_fd_[fd], side);
        if (handler == nullptr) continue;
        const Wait* const wait = handler->scheduled.callback.get_if<Wait>();
        if (wait == nullptr) {
          report(handler->scheduled.where);
        } else if (wait->waiter != nullptr) {
          wait->waiter->is_waiting_ = false;
        }
        pool_.remove(handler);
      }
    }
  }

  /// Sets whether the loop is running. If it is, add() throws OSError for a
  /// number that is not open.
  void set_running(bool is_running) { is_running_ = is_running; }

  /// Returns whether there are no handlers.
  bool empty() const { return size_ == 0; }

  /// Returns whether there may be changes for tell_selector().
  bool has_changed() const { return has_changed_; }

  /// Returns whether forget_unwanted() may have something to do.
  bool has_unwanted() const { return !unwanted_.empty(); }

  /// Returns whether a descriptor is always ready, so that the loop need not
  /// wait. Up to date after tell_selector().
  bool has_always_ready() const { return !always_ready_.empty(); }

  /// Passes the changes to the selector, and calls report(refused) with a
  /// vector of the refused handlers, which may be empty. Changes by the
  /// destructor of a refused handler wait for the next call. Refused waits are
  /// among those of take_failed().
  ///
  /// Throws the exceptions of report(), and std::bad_alloc; then nothing is
  /// lost, and the next call passes on the rest.
  template <class Report>
  void tell_selector(Report report) {
    tell_changes();
    report(refused_);
    refused_.clear();
    has_changed_ = has_unwanted() || first_changed_ != kNone;
  }

  /// Unregisters now all descriptors whose unregistration is deferred.
  void forget_unwanted();
  /// Unregisters `fd` now, if `fd` has no handler and its unregistration is
  /// deferred.
  void forget(int fd);

  /// Makes the kernel report `batch` again, for handlers that have not run.
  void report_again(std::span<const selectors::ReadyKey> batch) {
    for (const auto& [key, events] : batch) {
      if (by_fd_.has(key.fd)) arm_again(key.fd);
    }
  }

  /// Calls run(handler) for each handler that is ready according to `batch`,
  /// and for the handlers of descriptors that are always ready. Skips handlers
  /// that were removed meanwhile, or added in this iteration.
  template <class Run>
  void run_ready(std::span<const selectors::ReadyKey> batch, Run run) {
    for (const auto& [key, events] : batch) run_one(key.fd, events, run);
    // The callbacks do not change always_ready_; only tell_selector() does.
    for (const int fd : always_ready_) {
      run_one(fd, by_fd_[fd].wanted() & kAlwaysReady, run);
    }
  }

 private:
  static constexpr int kNone = -1;
  // The events of a file that is always ready.
  static constexpr selectors::EventMask kAlwaysReady =
      selectors::EVENT_READ | selectors::EVENT_WRITE;
  static constexpr Side kSides[] = {kReader, kWriter, kPriorityReader};

  // The state of one descriptor.
  struct Watch {
    std::array<Handler*, 3> handlers{};
    const void* identity = nullptr;  // The identity of the file object.
    std::uint64_t order = 0;         // When it got its first handler.
    int always_place = kNone;        // The index in always_ready_.
    int next_changed = kNone;        // The next number in the queue of changes.
    std::uint32_t known_in = 0;      // The last iteration that found it open.
    std::uint8_t registered = 0;     // The events that the selector watches.
    std::uint8_t reports = 0;   // The number of reports with EVENT_ONESHOT.
    bool is_spent = false;      // Whether it was reported and must be rearmed.
    bool changed = false;       // Whether it is in the queue of changes.
    bool renewed = false;       // Whether to register it as if it were new.
    bool takes_events = false;  // Whether a handler may take the events.
    bool needs_care = false;    // Whether a report needs run_with_care().

    selectors::EventMask wanted() const {
      return (handlers[kReader] != nullptr ? selectors::EVENT_READ : 0) |
             (handlers[kWriter] != nullptr ? selectors::EVENT_WRITE : 0) |
             (handlers[kPriorityReader] != nullptr ? selectors::EVENT_PRIORITY
                                                   : 0);
    }
    // Whether a handler would run if the file were always ready.
    bool wants_always_ready() const { return (wanted() & kAlwaysReady) != 0; }
    bool is_always_ready() const { return always_place != kNone; }
    bool reports_once() const {
      return (registered & selectors::EVENT_ONESHOT) != 0;
    }
    void set_registered(selectors::EventMask events) {
      constexpr auto kRare =
          selectors::EVENT_ONESHOT | selectors::EVENT_PRIORITY;
      registered = static_cast<std::uint8_t>(events);
      needs_care = takes_events || (events & kRare) != 0;
    }
  };

  // The handler of a task that waits, or of a kept wait.
  struct Wait {
    void operator()() const {
      if (waiter != nullptr) return waiter->ready();
      table->remove(fd, side);  // Ready, and no task waits.
    }
    FdHandlers* table;
    DescriptorWaiter* waiter;  // nullptr: a kept wait.
    int fd;
    Side side;
  };

  template <class Run>
  void run_one(int fd, selectors::EventMask events, Run run) {
    if (!by_fd_.has(fd)) return;
    if (by_fd_[fd].needs_care) [[unlikely]]
      return run_with_care(fd, events, run);
    run_both_sides(fd, events, run);
  }
  template <class Run>
  void run_both_sides(int fd, selectors::EventMask events, Run run) {
    // Nearly all reports are EVENT_READ alone.
    if (events == selectors::EVENT_READ) [[likely]]
      return run_side(fd, kReader, run);
    if ((events & selectors::EVENT_READ) != 0) run_side(fd, kReader, run);
    if ((events & selectors::EVENT_WRITE) != 0) run_side(fd, kWriter, run);
  }
  // Also does what most descriptors do not need.
  template <class Run>
  [[gnu::noinline]] void run_with_care(int fd, selectors::EventMask events,
                                       Run run) {
    if (by_fd_[fd].reports_once()) note_report(fd);
    reported_ = events;
    if ((events & selectors::EVENT_PRIORITY) != 0) {
      run_side(fd, kPriorityReader, run);
    }
    run_both_sides(fd, events, run);
  }
  template <class Run>
  void run_side(int fd, Side side, Run run) {
    Handler* const handler = by_fd_[fd].handlers[side];
    if (handler != nullptr && pool_.runs_in_this_iteration(*handler))
      run(*handler);
  }

  // Takes a handler out of the table; nullptr if there is none.
  Handler* take(Watch& watch, Side side) {
    Handler* const handler = std::exchange(watch.handlers[side], nullptr);
    if (handler != nullptr) --size_;
    return handler;
  }

  // Adds a handler for a file object that check() has accepted.
  template <class F>
  void add_checked(const selectors::FileObj& fileobj, Side side, F&& callback,
                   const SourceLocation& where) {
    Handler& handler = pool_.add(std::forward<F>(callback), where);
    // put() runs no user code, so nothing interrupts the replacement.
    discard(put(fileobj, side, handler));
  }

  // Removes a handler that is out of the table, or does nothing for nullptr. If
  // a task waits with the handler, its wait fails with RuntimeError.
  void discard(Handler* handler) {
    if (handler == nullptr) return;
    Wait* const wait = handler->scheduled.callback.get_if<Wait>();
    if (wait != nullptr && wait->waiter != nullptr) fail_removed(*wait);
    pool_.remove(handler);
  }

  // Checks a file object before a handler is added, and makes room for its
  // number. Throws the errors of add().
  void check(const selectors::FileObj& fileobj, Side side) {
    const int fd = fileobj.fileno();
    if (!by_fd_.has(fd)) [[unlikely]]
      make_room_for(fileobj);
    if (must_be_asked(by_fd_[fd], side)) [[unlikely]]
      ask_if_open(fileobj);
  }
  // Returns whether to ask the kernel if the number is open. A number counts as
  // open if the selector watches it, or if it was found open in this iteration
  // or the one before. Removing a handler within that time extends it, so a
  // handler that is removed and added in turns costs no check.
  bool must_be_asked(const Watch& watch, Side side) const {
    if (watch.handlers[side] != nullptr) return true;
    return watch.registered == 0 && !is_known(watch);
  }
  bool is_known(const Watch& watch) const {
    return iteration() - watch.known_in <= 1;
  }
  std::uint32_t iteration() const {
    return static_cast<std::uint32_t>(pool_.iteration());
  }

  // Puts a handler into the table. Returns the handler that it replaces, or
  // nullptr.
  Handler* put(const selectors::FileObj& fileobj, Side side, Handler& handler) {
    const int fd = fileobj.fileno();
    Watch& watch = by_fd_[fd];
    note_change(watch, fd);
    const bool is_first = watch.wanted() == 0;
    if (is_first) watch.order = ++last_order_;
    // One side may be given as an object, and the other as its number.
    if (is_first || fileobj.identity() != nullptr) {
      watch.identity = fileobj.identity();
    }
    Handler* const old = std::exchange(watch.handlers[side], &handler);
    if (old == nullptr) {
      ++size_;
    } else {
      watch.renewed = true;
    }
    return old;
  }
  // Appends the number to the queue of changes. The links of the queue are
  // members of Watch, so that remove() needs no memory and cannot fail.
  void note_change(Watch& watch, int fd) {
    if (watch.changed) return;
    watch.changed = true;
    has_changed_ = true;
    watch.next_changed = kNone;
    if (first_changed_ == kNone) {
      first_changed_ = fd;
    } else {
      by_fd_[last_changed_].next_changed = fd;
    }
    last_changed_ = fd;
  }

  // Returns the wait of one side; nullptr if there is none.
  Wait* wait_of(int fd, Side side) {
    Handler* const handler = by_fd_[fd].handlers[side];
    if (handler == nullptr) return nullptr;
    return handler->scheduled.callback.get_if<Wait>();
  }
  void add_wait(int fd, Side side, DescriptorWaiter& waiter,
                const SourceLocation& where);
  bool has_other_handlers(int fd);
  void fail(Wait& wait, std::exception_ptr error);
  void fail_closed(Wait& wait);
  void fail_removed(Wait& wait);
  void note_refusal(int fd, Side side, Handler& handler);
  bool means_another_file(int fd);
  int find_by_identity(const selectors::FileObj& fileobj) const;
  void make_room_for(const selectors::FileObj& fileobj);
  void ask_if_open(const selectors::FileObj& fileobj);
  void note_report(int fd);
  void arm_again(int fd);
  void lose_last(int fd);
  void tell_changes();
  int take_first_change();
  void update(int fd);
  selectors::EventMask events_for(const Watch& watch) const;
  void start_watching(int fd, selectors::EventMask events);
  void let_go(int fd);
  void stop_watching(int fd);
  void add_always_ready(int fd);
  void remove_always_ready(int fd);
  void refuse(int fd);

  selectors::BaseSelector& selector_;
  HandlerPool& pool_;
  selectors::FdArray<Watch> by_fd_;
  const bool lets_go_slowly_;
  bool has_changed_ = false;
  bool is_telling_ = false;  // Whether tell_changes() is running.
  bool is_running_ = false;
  int first_changed_ = kNone;
  int last_changed_ = kNone;
  std::vector<int> unwanted_;
  std::vector<int> always_ready_;
  std::vector<Refused> refused_;  // Not reported yet.
  DescriptorWaiter* first_failed_ = nullptr;
  selectors::EventMask reported_ = 0;  // The events of the running handlers.
  std::size_t size_ = 0;               // The number of handlers.
  std::uint64_t last_order_ = 0;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_FD_HANDLERS_H_
