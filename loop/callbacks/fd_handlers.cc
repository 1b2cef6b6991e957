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

void FdHandlers::add(const FileObj& fileobj, Side side, Scheduled&& scheduled) {
  const int fd = fileobj.fileno();
  if (fd < 0) {
    throw selectors::ValueError("Invalid file object: " + fileobj.repr());
  }
  make_room_for(fd);
  note_change(fd);
  Handler& handler = pool_.add(std::move(scheduled));
  Watch& watch = watch_of(fd);
  watch.identity = fileobj.identity();
  Handler* const old = std::exchange(watch.handlers[side], &handler);
  if (old == nullptr) ++size_;
  pool_.remove(old);
}

bool FdHandlers::remove(const FileObj& fileobj, Side side) {
  const int fd =
      fileobj.fileno() >= 0 ? fileobj.fileno() : find_by_identity(fileobj);
  if (static_cast<std::size_t>(fd) >= by_fd_.size()) return false;
  Watch& watch = watch_of(fd);
  if (watch.handlers[side] == nullptr) return false;
  note_change(fd);
  Handler* const handler = std::exchange(watch.handlers[side], nullptr);
  if (watch.wanted() == 0) watch.abandoned = true;
  --size_;
  pool_.remove(handler);
  return true;
}

void FdHandlers::remove_all(std::vector<SourceLocation>& places) {
  // By index, as what is destroyed may remove others.
  for (std::size_t i = 0; i < by_fd_.size(); ++i) {
    for (const Side side : {kReader, kWriter}) {
      Handler* const handler = std::exchange(by_fd_[i].handlers[side], nullptr);
      if (handler == nullptr) continue;
      places.push_back(handler->scheduled.where);
      --size_;
      pool_.remove(handler);
    }
  }
}

int FdHandlers::find_by_identity(const FileObj& fileobj) const {
  for (std::size_t i = 0; i < by_fd_.size(); ++i) {
    if (by_fd_[i].wanted() == 0 || fileobj.identity() == nullptr) continue;
    if (by_fd_[i].identity == fileobj.identity()) return static_cast<int>(i);
  }
  throw selectors::ValueError("Invalid file object: " + fileobj.repr() +
                              " is not open, and has no handler");
}

void FdHandlers::make_room_for(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index < by_fd_.size()) return;
  // As RegistrationTable: beyond what is ordinary it must at least be open.
  constexpr int kOrdinary = 1 << 20;
  if (fd >= kOrdinary && !selectors::kernel::is_open(fd)) {
    throw selectors::make_os_error(EBADF, "fd " + std::to_string(fd));
  }
  by_fd_.resize(index + 1);
}

void FdHandlers::note_change(int fd) {
  if (watch_of(fd).changed) return;
  changed_.push_back(fd);
  watch_of(fd).changed = true;
}

void FdHandlers::tell_selector(std::vector<Refused>& refused) {
  // By index: the destructor of a refused handler may add others.
  for (std::size_t i = 0; i < changed_.size(); ++i) {
    const int fd = changed_[i];
    watch_of(fd).changed = false;
    try {
      update(fd);
    } catch (...) {
      refuse(fd, refused);
    }
  }
  changed_.clear();
}

void FdHandlers::update(int fd) {
  Watch& watch = watch_of(fd);
  const EventMask wanted = watch.wanted();
  const bool forgets = wanted == 0 || watch.abandoned;
  watch.abandoned = false;
  if (forgets && watch.registered != 0) stop_watching(fd);
  if (wanted == watch.registered) return;
  if (watch.registered != 0 && !watch.always_ready) {
    try {
      selector_.modify(fd, wanted);
      watch.registered = wanted;
      return;
    } catch (const selectors::OSError&) {
      // The number means another file by now, and the selector knows nothing of
      // it any more.
      watch.registered = 0;
    }
  }
  start_watching(fd, wanted);
}

void FdHandlers::start_watching(int fd, EventMask events) {
  Watch& watch = watch_of(fd);
  if (!watch.always_ready) {
    try {
      selector_.register_(fd, events);
    } catch (const selectors::OSError& error) {
      if (error.code() != std::errc::operation_not_permitted) throw;
      // epoll's way to say that a file or a directory is always ready.
      always_ready_.push_back(fd);
      watch.always_ready = true;
    }
  }
  watch.registered = events;
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
void FdHandlers::refuse(int fd, std::vector<Refused>& refused) {
  if (watch_of(fd).registered != 0) stop_watching(fd);
  for (const Side side : {kReader, kWriter}) {
    Handler* const handler = watch_of(fd).handlers[side];
    if (handler == nullptr) continue;
    refused.push_back(
        {fd, side, handler->scheduled.where, std::current_exception()});
    watch_of(fd).handlers[side] = nullptr;
    --size_;
    pool_.remove(handler);
  }
}

}  // namespace loop
