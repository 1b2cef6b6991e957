// Which callback belongs to which descriptor, and what the selector has to be
// told of it.

#ifndef LOOP_CALLBACKS_FD_HANDLERS_H_
#define LOOP_CALLBACKS_FD_HANDLERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/handler_pool.h"
#include "selectors/base_selector.h"
#include "selectors/file_obj.h"
#include "selectors/selector_key.h"

namespace loop {

// Readers and writers by descriptor number, in an array, as numbers are small.
//
// The selector is not told of each change but of what is left of them when the
// loop is about to wait: a reader and a writer that are added and removed by
// then have cost no epoll_ctl(). With one exception. Between the removal of a
// descriptor's last handler and the next addition the program may have closed
// it and got its number again for another file, and so may a library before the
// program replaces a handler. That is another registration, and the selector is
// told to watch what the number means now.
//
// A descriptor that lost its last handler is likely to get another soon: a
// program that waits for one message after the other adds and removes a reader
// for each. To delete an entry of the kernel's list and to add it again costs
// four times what a change of the entry does. So if the selector has a way to
// do so (epoll), it is told to forget an unwanted descriptor
//   - when it has been unwanted until the next iteration,
//   - before the loop sleeps, which nothing unwanted shall disturb.
//
// An entry that outlives its number, because a copy of the file is open (a
// child of fork() has one), must not wake the loop forever. So where the
// selector can be told lazily, a descriptor is watched with EVENT_ONESHOT until
// its handlers have proved to stay: reported in two iterations, and still
// there, it is watched as a level. When it loses its last handler it is made
// EVENT_ONESHOT at once, as after the close() that may follow the kernel cannot
// be told any more.
class FdHandlers {
 public:
  // Which of the two handlers of a descriptor.
  enum Side : std::size_t { kReader, kWriter };

  // A handler that could not be registered with the selector, and is removed.
  struct Refused {
    int fd;
    Side side;
    SourceLocation where;
    std::exception_ptr error;
  };

  // Both must outlive it.
  FdHandlers(selectors::BaseSelector& selector, HandlerPool& pool)
      : selector_(selector),
        pool_(pool),
        lets_go_slowly_(selector.forgets_closed()) {}

  /// Adds a handler, or replaces the one that is there. Asks the kernel whether
  /// the number is open, unless the loop knows.
  /// Throws ValueError for an object without a descriptor and, while the loop
  /// runs, OSError (EBADF) for a number that is not open; then nothing has
  /// changed. Otherwise tell_selector() finds out.
  template <class F>
  void add(const selectors::FileObj& fileobj, Side side, F&& callback,
           const SourceLocation& where) {
    check(fileobj, side);
    Handler& handler = pool_.add(std::forward<F>(callback), where);
    // All of the user's code that runs does so before this line or after it.
    pool_.remove(put(fileobj, side, handler));
  }

  /// Removes a handler. Returns false if there is nothing to remove. An object
  /// that was closed is found by its identity; of several of its numbers, the
  /// one that got a handler first.
  bool remove(const selectors::FileObj& fileobj, Side side);

  // Removes all, and tells report(where) of each.
  template <class Report>
  void remove_all(Report report) {
    // By index, as what is destroyed may remove others.
    for (std::size_t i = 0; i < by_fd_.size(); ++i) {
      for (const Side side : {kReader, kWriter}) {
        Handler* const handler = take(by_fd_[i], side);
        if (handler == nullptr) continue;
        report(handler->scheduled.where);
        pool_.remove(handler);
      }
    }
  }

  // Tells whether the loop runs, so that add() may throw into a callback.
  void set_running(bool is_running) { is_running_ = is_running; }

  // Is there any handler?
  bool empty() const { return size_ == 0; }

  // May tell_selector() have something to tell?
  bool has_changed() const { return has_changed_; }

  // Is there something that the selector can be told to forget?
  bool has_unwanted() const { return !unwanted_.empty(); }

  // Is there something that is always ready, so that nobody need wait? Known
  // after tell_selector().
  bool has_always_ready() const { return !always_ready_.empty(); }

  /// Tells the selector what has changed by now, and report(refused) of what it
  /// would not take, a vector that may be empty. What the destructor of a
  /// refused handler changes is told the next time.
  /// Throws what report() does, and std::bad_alloc; then nothing is forgotten,
  /// and the rest told the next time.
  template <class Report>
  void tell_selector(Report report) {
    tell_changes();
    report(refused_);
    refused_.clear();
    has_changed_ = has_unwanted() || first_changed_ != kNone;
  }

  /// Tells the selector at once to forget what lost its last handler.
  void forget_unwanted();
  /// Tells the selector at once to forget `fd`, if it lost its last handler.
  void forget(int fd);

  // Makes the kernel report `batch` again, whose handlers have not run.
  void report_again(std::span<const selectors::ReadyKey> batch) {
    for (const auto& [key, events] : batch) {
      if (has_room_for(key.fd)) arm_again(key.fd);
    }
  }

  // Calls run(handler) for each handler that `batch` says is ready, and for
  // those that always are, if it is still there when its turn comes.
  template <class Run>
  void run_ready(std::span<const selectors::ReadyKey> batch, Run run) {
    for (const auto& [key, events] : batch) run_one(key.fd, events, run);
    // Changed by tell_selector() only, so not by what runs here.
    for (const int fd : always_ready_) {
      run_one(fd, selectors::EVENT_READ | selectors::EVENT_WRITE, run);
    }
  }

 private:
  static constexpr int kNone = -1;

  // What is known of one descriptor.
  struct Watch {
    std::array<Handler*, 2> handlers{};
    const void* identity = nullptr;  // Of the object that it was given as.
    std::uint64_t order = 0;         // Which it was to get a first handler.
    int always_place = kNone;  // Where it stands among those always ready.
    int next_changed = kNone;  // The number behind it in the queue of changes.
    std::uint32_t known_in = 0;   // The turn in which it was known to be open.
    std::uint8_t registered = 0;  // What the selector watches it for.
    std::uint8_t reports = 0;     // How often, with EVENT_ONESHOT.
    bool is_spent = false;        // Has it been, and was not registered since?
    bool changed = false;         // Is it in the queue of changes?
    bool renewed = false;  // Has the number to be registered as if it were new?

    selectors::EventMask wanted() const {
      return (handlers[kReader] != nullptr ? selectors::EVENT_READ : 0) |
             (handlers[kWriter] != nullptr ? selectors::EVENT_WRITE : 0);
    }
    bool is_always_ready() const { return always_place != kNone; }
    bool reports_once() const {
      return (registered & selectors::EVENT_ONESHOT) != 0;
    }
  };

  template <class Run>
  void run_one(int fd, selectors::EventMask events, Run run) {
    if (!has_room_for(fd)) return;
    if (watch_of(fd).reports_once()) [[unlikely]]
      note_report(fd);
    if ((events & selectors::EVENT_READ) != 0) run_side(fd, kReader, run);
    if ((events & selectors::EVENT_WRITE) != 0) run_side(fd, kWriter, run);
  }
  template <class Run>
  void run_side(int fd, Side side, Run run) {
    Handler* const handler = watch_of(fd).handlers[side];
    if (handler != nullptr && pool_.runs_in_this_iteration(*handler))
      run(*handler);
  }

  // Out of its place; nullptr if there is none.
  Handler* take(Watch& watch, Side side) {
    Handler* const handler = std::exchange(watch.handlers[side], nullptr);
    if (handler != nullptr) --size_;
    return handler;
  }

  // Before a handler is added. Throws; if not, the number has its place.
  void check(const selectors::FileObj& fileobj, Side side) {
    const int fd = fileobj.fileno();
    if (!has_room_for(fd)) [[unlikely]]
      make_room_for(fileobj);
    if (must_be_asked(watch_of(fd), side)) [[unlikely]]
      ask_if_open(fileobj);
  }
  // A number that the selector watches, or that had a handler in this turn or
  // the one before, is believed to be open: so it costs nothing to remove a
  // handler and to add another.
  bool must_be_asked(const Watch& watch, Side side) const {
    if (watch.handlers[side] != nullptr) return true;
    return watch.registered == 0 && !is_known(watch);
  }
  bool is_known(const Watch& watch) const {
    return turn() - watch.known_in <= 1;
  }
  std::uint32_t turn() const {
    return static_cast<std::uint32_t>(pool_.turn());
  }

  // Returns the handler that was there before, or nullptr.
  Handler* put(const selectors::FileObj& fileobj, Side side, Handler& handler) {
    const int fd = fileobj.fileno();
    Watch& watch = watch_of(fd);
    note_change(watch, fd);
    const bool is_first = watch.wanted() == 0;
    if (is_first) watch.order = ++last_order_;
    // Given as an object for one side, and as its number for the other.
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
  // The queue's links stand in the watches: so to join it takes no memory, for
  // want of which remove() would fail.
  void note_change(Watch& watch, int fd) {
    if (watch.changed) return;
    watch.changed = true;
    has_changed_ = true;
    watch.next_changed = kNone;
    if (first_changed_ == kNone) {
      first_changed_ = fd;
    } else {
      watch_of(last_changed_).next_changed = fd;
    }
    last_changed_ = fd;
  }

  bool has_room_for(int fd) const {  // A negative one is a huge index.
    return static_cast<std::size_t>(fd) < by_fd_.size();
  }
  Watch& watch_of(int fd) { return by_fd_[static_cast<std::size_t>(fd)]; }
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
  std::vector<Watch> by_fd_;
  const bool lets_go_slowly_;
  bool has_changed_ = false;
  bool is_telling_ = false;  // Is tell_changes() at work?
  bool is_running_ = false;
  int first_changed_ = kNone;
  int last_changed_ = kNone;
  std::vector<int> unwanted_;
  std::vector<int> always_ready_;
  std::vector<Refused> refused_;  // And nobody has been told yet.
  std::size_t size_ = 0;          // Of handlers.
  std::uint64_t last_order_ = 0;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_FD_HANDLERS_H_
