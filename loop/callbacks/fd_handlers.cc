#include "loop/callbacks/fd_handlers.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "loop/callbacks/finally.h"
#include "selectors/errors.h"
#include "selectors/kernel/posix.h"

namespace loop {

using selectors::EventMask;
using selectors::FileObj;

namespace {

// Returns the exception that make() returns, or std::bad_alloc when out of
// memory.
template <class Make>
std::exception_ptr exception_from(Make make) noexcept try {
  return std::make_exception_ptr(make());
} catch (...) {
  return std::current_exception();
}

[[noreturn]] void throw_taken(int fd, FdHandlers::Side side) {
  throw selectors::RuntimeError("fd " + std::to_string(fd) + " already has a " +
                                FdHandlers::name_of(side));
}

}  // namespace

const char* FdHandlers::name_of(Side side) {
  static constexpr const char* kNames[] = {"reader", "writer",
                                           "priority reader"};
  return kNames[side];
}

bool FdHandlers::remove(const FileObj& fileobj, Side side) {
  const int fd =
      fileobj.fileno() >= 0 ? fileobj.fileno() : find_by_identity(fileobj);
  if (!by_fd_.has(fd)) return false;
  Watch& watch = by_fd_[fd];
  Handler* const handler = take(watch, side);
  if (handler == nullptr) return false;
  note_change(watch, fd);
  if (is_known(watch)) watch.known_in = iteration();
  if (watch.wanted() == 0) lose_last(fd);
  discard(handler);  // Last, as its destructor may do anything.
  return true;
}

// ---- Waits ----

// Begins a wait for which no handler is kept.
void FdHandlers::add_wait(int fd, Side side, DescriptorWaiter& waiter,
                          const SourceLocation& where) {
  if (by_fd_.has(fd) && by_fd_[fd].handlers[side] != nullptr) {
    Wait* const earlier = wait_of(fd, side);
    const bool is_idle = earlier != nullptr && earlier->waiter->is_idle_;
    const bool is_stale =
        earlier != nullptr && !is_idle && means_another_file(fd);
    if (!is_idle && !is_stale) throw_taken(fd, side);
    if (is_stale) fail_closed(*earlier);
  }
  check(fd, side);
  add_checked(fd, side, Wait{this, &waiter, fd, side}, where);
  waiter.is_waiting_ = true;
}

// The number is unregistered at once, because it may mean another file later;
// and first, because remove() would only change the kernel's entry.
void FdHandlers::end_waits(int fd) {
  if (!by_fd_.has(fd)) return;
  const Watch& watch = by_fd_[fd];
  const bool is_watched = watch.registered != 0 && !watch.is_always_ready();
  if (is_watched && !has_other_handlers(fd)) stop_watching(fd);
  for (const Side side : kSides) {
    Wait* const wait = wait_of(fd, side);
    if (wait == nullptr) continue;
    if (wait->waiter != nullptr) fail_closed(*wait);
    remove(fd, side);
  }
}

// Returns whether a descriptor has a handler that is no wait.
bool FdHandlers::has_other_handlers(int fd) {
  return std::any_of(std::begin(kSides), std::end(kSides), [&](Side side) {
    return by_fd_[fd].handlers[side] != nullptr && wait_of(fd, side) == nullptr;
  });
}

// Ends a wait, but not its handler. failed() of the waiter follows in the next
// iteration, unless the waiter is idle.
void FdHandlers::fail(Wait& wait, std::exception_ptr error) {
  DescriptorWaiter& waiter = *std::exchange(wait.waiter, nullptr);
  waiter.is_waiting_ = false;
  if (waiter.is_idle_) return;
  waiter.error_ = std::move(error);
  waiter.next_failed_ = std::exchange(first_failed_, &waiter);
  has_changed_ = true;
}

void FdHandlers::fail_closed(Wait& wait) {
  fail(wait, exception_from([&wait] {
         return selectors::make_os_error(
             EBADF, "fd " + std::to_string(wait.fd) +
                        ", closed while a task waited for it");
       }));
}

void FdHandlers::fail_removed(Wait& wait) {
  fail(wait, exception_from([&wait] {
         return selectors::RuntimeError(
             "the handler of fd " + std::to_string(wait.fd) +
             " was removed while a task waited for it");
       }));
}

// Returns whether the selector knows that a number that it watches means
// another file by now, or none. It must ask the kernel to know, and so has to
// change something: EVENT_ONESHOT, which only decides about a later call.
bool FdHandlers::means_another_file(int fd) {
  Watch& watch = by_fd_[fd];
  if (!lets_go_slowly_ || watch.registered == 0 || watch.is_always_ready())
    return false;
  const EventMask other = watch.registered ^ selectors::EVENT_ONESHOT;
  try {
    selector_.modify(fd, other);
    watch.set_registered(other);
    return false;
  } catch (const selectors::OSError&) {  // The selector has unregistered it.
    watch.set_registered(0);
    return true;
  }
}

// Returns the number of a closed object, or kNone.
int FdHandlers::find_by_identity(const FileObj& fileobj) const {
  int found = kNone;
  if (fileobj.identity() == nullptr) return found;
  for (int fd = 0; fd < by_fd_.end(); ++fd) {
    const Watch& watch = by_fd_[fd];
    if (watch.wanted() == 0 || watch.identity != fileobj.identity()) continue;
    if (found == kNone || watch.order < by_fd_[found].order) found = fd;
  }
  return found;
}

void FdHandlers::ask_if_open(const FileObj& fileobj) {
  const int fd = fileobj.fileno();
  // Before the loop runs, the exception handler gets this refusal, like all
  // refusals of the kernel. During tell_changes() the caller may be a
  // destructor, which cannot throw.
  if (is_telling_ || !is_running_) return;
  if (!selectors::kernel::is_open(fd)) {
    throw selectors::make_os_error(EBADF, fileobj.repr());
  }
  by_fd_[fd].known_in = iteration();
}

void FdHandlers::note_report(int fd) {
  ++by_fd_[fd].reports;
  arm_again(fd);
}

// Arms a descriptor again when the next iteration begins, if there is still a
// handler. After EVENT_ONESHOT the kernel reports nothing more until then. A
// level needs no arming, but registering it again costs little.
void FdHandlers::arm_again(int fd) {
  Watch& watch = by_fd_[fd];
  note_change(watch, fd);
  watch.is_spent = true;
}

// Called when a descriptor lost its last handler. Makes its kernel entry
// EVENT_ONESHOT now, as the entry cannot be changed after a close(), which may
// come next.
void FdHandlers::lose_last(int fd) {
  Watch& watch = by_fd_[fd];
  watch.renewed = true;
  watch.reports = 0;
  watch.takes_events = false;
  const bool is_level = watch.registered != 0 && !watch.reports_once();
  if (!lets_go_slowly_ || !is_level || watch.is_always_ready()) return;
  const EventMask once = watch.registered | selectors::EVENT_ONESHOT;
  try {
    const bool refused = selector_.try_watch(fd, once).has_value();
    watch.set_registered(refused ? 0 : once);
  } catch (...) {
    // Out of memory, or a child of fork() with the parent's loop.
    stop_watching(fd);
  }
}

void FdHandlers::make_room_for(const FileObj& fileobj) {
  const int fd = fileobj.fileno();
  if (fd < 0) {
    throw selectors::ValueError("Invalid file object: " + fileobj.repr());
  }
  by_fd_.make_room_for(fd);
}

inline void FdHandlers::update(int fd) {
  Watch& watch = by_fd_[fd];
  const EventMask wanted = watch.wanted();
  // All handlers were added and removed since the last update.
  if (watch.registered == 0 && wanted == 0) return;
  if (wanted == 0) return let_go(fd);
  if (watch.is_always_ready()) {
    watch.set_registered(wanted);
    if (!watch.renewed && watch.wants_always_ready()) return;
    stop_watching(fd);
    if (!watch.wants_always_ready())
      return;  // A priority reader: a file has nothing urgent.
  }
  const EventMask events = events_for(watch);
  if (events != watch.registered || watch.renewed || watch.is_spent) {
    start_watching(fd, events);
  }
}

// Returns the events to register, EVENT_ONESHOT included.
inline EventMask FdHandlers::events_for(const Watch& watch) const {
  const bool is_new = watch.registered == 0;
  const bool once =
      is_new ? lets_go_slowly_ : watch.reports_once() && watch.reports < 2;
  return watch.wanted() | (once ? selectors::EVENT_ONESHOT : 0);
}

// Registers a number with the selector. A number that is registered already may
// mean another file by now, so try_watch() registers it as if it were new.
inline void FdHandlers::start_watching(int fd, EventMask events) {
  Watch& watch = by_fd_[fd];
  watch.renewed = watch.is_spent = false;
  if (const auto refusal = selector_.try_watch(fd, events)) {
    watch.set_registered(0);
    if (refusal->code() != std::errc::operation_not_permitted ||
        !watch.wants_always_ready()) {
      throw *refusal;
    }
    // EPERM of epoll means that a file or a directory is always ready.
    add_always_ready(fd);
    events = watch.wanted();
  }
  watch.set_registered(events);
}

void FdHandlers::tell_changes() {
  forget_unwanted();
  // The destructor of a refused handler may add changes, so the walk ends at
  // the change that is the last one now.
  const int last = last_changed_;
  is_telling_ = true;
  const Finally has_told([this] { is_telling_ = false; });
  for (int fd = kNone; first_changed_ != kNone && fd != last;) {
    // Makes room for a refusal of each side before the number leaves the queue.
    if (refused_.capacity() - refused_.size() < std::size(kSides)) {
      refused_.reserve(2 * refused_.size() + std::size(kSides));
    }
    fd = take_first_change();
    try {
      update(fd);
    } catch (...) {
      refuse(fd);
    }
  }
}

int FdHandlers::take_first_change() {
  const int fd = first_changed_;
  Watch& watch = by_fd_[fd];
  first_changed_ = watch.next_changed;
  watch.changed = false;
  return fd;
}

// Unregisters a number without handlers, or defers that.
void FdHandlers::let_go(int fd) {
  if (lets_go_slowly_ && !by_fd_[fd].is_always_ready()) {
    unwanted_.push_back(fd);
  } else {
    stop_watching(fd);
  }
}

void FdHandlers::forget_unwanted() {
  for (const int fd : unwanted_) forget(fd);
  unwanted_.clear();
}

void FdHandlers::forget(int fd) {
  if (!by_fd_.has(fd)) return;
  const Watch& watch = by_fd_[fd];
  if (watch.registered == 0 || watch.wanted() != 0) return;
  if (!watch.is_always_ready()) stop_watching(fd);
}

void FdHandlers::stop_watching(int fd) {
  Watch& watch = by_fd_[fd];
  watch.set_registered(0);
  if (watch.is_always_ready()) {
    remove_always_ready(fd);
  } else {
    selector_.unregister(fd);
  }
}

void FdHandlers::add_always_ready(int fd) {
  const auto place = static_cast<int>(always_ready_.size());
  always_ready_.push_back(fd);
  by_fd_[fd].always_place = place;
}

// Removes a number from always_ready_. The last element moves into its slot.
void FdHandlers::remove_always_ready(int fd) {
  const int place = std::exchange(by_fd_[fd].always_place, kNone);
  const int last = always_ready_.back();
  always_ready_.pop_back();
  if (last == fd) return;
  always_ready_[static_cast<std::size_t>(place)] = last;
  by_fd_[last].always_place = place;
}

// Removes the handlers of a number that the selector refused, for the exception
// that is being handled.
void FdHandlers::refuse(int fd) {
  Watch& watch = by_fd_[fd];
  const bool is_watched =
      watch.is_always_ready() || selector_.get_map()->contains(fd);
  if (watch.registered != 0 && is_watched) stop_watching(fd);
  // All handlers leave the table, and all waits end, before a handler is
  // destroyed: its destructor may add a handler, and cancel a task that waits.
  const std::array<Handler*, 3> handlers = {
      take(watch, kReader), take(watch, kWriter), take(watch, kPriorityReader)};
  watch.takes_events = watch.renewed = watch.is_spent = false;
  watch.reports = 0;
  watch.set_registered(0);
  for (const Side side : kSides) {
    if (handlers[side] != nullptr) note_refusal(fd, side, *handlers[side]);
  }
  for (Handler* const handler : handlers) pool_.remove(handler);
}

// Notes the exception that is being handled for the exception handler, or for
// the task that waits.
void FdHandlers::note_refusal(int fd, Side side, Handler& handler) {
  Scheduled& scheduled = handler.scheduled;
  Wait* const wait = scheduled.callback.get_if<Wait>();
  if (wait == nullptr) {
    refused_.push_back({fd, side, scheduled.where, std::current_exception()});
  } else if (wait->waiter != nullptr) {
    fail(*wait, std::current_exception());
  }
}

}  // namespace loop
