#include "loop/callbacks/fd_handlers.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "selectors/errors.h"
#include "selectors/kernel.h"

namespace loop {

using selectors::EventMask;
using selectors::FileObj;

bool FdHandlers::remove(const FileObj& fileobj, Side side) {
  const int fd =
      fileobj.fileno() >= 0 ? fileobj.fileno() : find_by_identity(fileobj);
  if (!has_room_for(fd)) return false;
  Watch& watch = watch_of(fd);
  if (watch.handlers[side] == nullptr) return false;
  note_change(watch, fd);
  Handler* const handler = take(watch, side);
  if (watch.wanted() == 0) watch.abandoned = true;
  pool_.remove(handler);
  return true;
}

int FdHandlers::find_by_identity(const FileObj& fileobj) const {
  for (std::size_t i = 0; i < by_fd_.size(); ++i) {
    if (by_fd_[i].wanted() == 0 || fileobj.identity() == nullptr) continue;
    if (by_fd_[i].identity == fileobj.identity()) return static_cast<int>(i);
  }
  throw selectors::ValueError("Invalid file object: " + fileobj.repr() +
                              " is not open, and has no handler");
}

void FdHandlers::make_room_for(const FileObj& fileobj) {
  const int fd = fileobj.fileno();
  if (fd < 0) {
    throw selectors::ValueError("Invalid file object: " + fileobj.repr());
  }
  if (!selectors::kernel::may_be_open(fd)) {
    throw selectors::make_os_error(EBADF, "fd " + std::to_string(fd));
  }
  by_fd_.resize(static_cast<std::size_t>(fd) + 1);
}

void FdHandlers::tell_changes() {
  forget_unwanted();
  // The destructor of a refused handler may add others.
  while (first_changed_ != kNone) {
    // Room for both handlers, before it leaves the queue.
    if (refused_.capacity() - refused_.size() < 2) {
      refused_.reserve(2 * refused_.size() + 2);
    }
    const int fd = first_changed_;
    Watch& watch = watch_of(fd);
    first_changed_ = watch.next_changed;
    watch.changed = false;
    // Came and went: nobody was told, and nobody need be.
    if (watch.registered == 0 && watch.wanted() == 0) continue;
    try {
      update(fd);
    } catch (...) {
      refuse(fd);
    }
  }
}

void FdHandlers::update(int fd) {
  Watch& watch = watch_of(fd);
  const EventMask wanted = watch.wanted();
  if (wanted == 0) return let_go(fd);
  if (watch.abandoned && watch.always_ready) stop_watching(fd);
  if (watch.registered == 0 || watch.abandoned) {
    return start_watching(fd, wanted);
  }
  if (wanted == watch.registered) return;
  if (!watch.always_ready) {
    try {
      selector_.modify(fd, wanted);
    } catch (const selectors::OSError&) {
      // The number means another file by now, and the selector knows nothing of
      // it any more.
      watch.registered = 0;
      return start_watching(fd, wanted);
    }
  }
  watch.registered = static_cast<std::uint8_t>(wanted);
}

// If it is registered it may mean another file by now, and so it is registered
// anew.
void FdHandlers::start_watching(int fd, EventMask events) {
  Watch& watch = watch_of(fd);
  watch.abandoned = false;
  try {
    if (watch.registered != 0) {
      selector_.reregister(fd, events);
    } else {
      selector_.register_(fd, events);
    }
  } catch (const selectors::OSError& error) {
    watch.registered = 0;
    if (error.code() != std::errc::operation_not_permitted) throw;
    // epoll's way to say that a file or a directory is always ready.
    always_ready_.push_back(fd);
    watch.always_ready = true;
  }
  watch.registered = static_cast<std::uint8_t>(events);
}

// Nobody wants it any more.
void FdHandlers::let_go(int fd) {
  if (lets_go_slowly_ && !watch_of(fd).always_ready) {
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
  if (!has_room_for(fd)) return;
  const Watch& watch = watch_of(fd);
  if (watch.registered == 0 || watch.wanted() != 0) return;
  if (!watch.always_ready) stop_watching(fd);
}

void FdHandlers::stop_watching(int fd) {
  Watch& watch = watch_of(fd);
  watch.registered = 0;
  if (watch.always_ready) {
    watch.always_ready = false;
    std::erase(always_ready_, fd);
  } else {
    selector_.unregister(fd);
  }
}

// Called while the error is being handled.
void FdHandlers::refuse(int fd) {
  Watch& watch = watch_of(fd);
  const bool is_watched =
      watch.always_ready || selector_.get_map()->contains(fd);
  if (watch.registered != 0 && is_watched) stop_watching(fd);
  watch.registered = 0;
  // Both are out of their places before one dies, as its destructor may add
  // another.
  const std::array<Handler*, 2> handlers = {take(watch, kReader),
                                            take(watch, kWriter)};
  for (const Side side : {kReader, kWriter}) {
    if (handlers[side] == nullptr) continue;
    refused_.push_back(
        {fd, side, handlers[side]->scheduled.where, std::current_exception()});
    pool_.remove(handlers[side]);
  }
}

}  // namespace loop
