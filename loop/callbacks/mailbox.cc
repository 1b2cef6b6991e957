#include "loop/callbacks/mailbox.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "loop/callbacks/finally.h"
#include "loop/callbacks/kernel.h"
#include "loop/callbacks/log_line.h"
#include "selectors/errors.h"
#include "selectors/forks.h"

namespace loop {
namespace {

// The list of all mailboxes, the newest first. A signal handler reads the list
// without a lock, as no mailbox is ever removed.
std::atomic<Mailbox*> first_mailbox = nullptr;
static_assert(std::atomic<Mailbox*>::is_always_lock_free);

[[maybe_unused]] const bool enters_children =
    selectors::at_fork({nullptr, nullptr, Mailbox::enter_child});

constexpr std::uint64_t kOne = 1;  // A write to an eventfd takes eight bytes.

}  // namespace

// Returns a mailbox without a loop, a new one if there is none. Uses no lock,
// as a child of fork() could find the lock locked forever.
Mailbox& Mailbox::take_free_one() {
  Mailbox* first = first_mailbox.load();
  for (Mailbox* m = first; m != nullptr; m = m->next_) {
    if (!m->in_use_.exchange(true)) return *m;
  }
  auto* const added = new Mailbox;
  do {
    added->next_ = first;
  } while (!first_mailbox.compare_exchange_weak(first, added));
  return *added;
}

Mailbox& Mailbox::acquire(EventLoop& loop) {
  Mailbox& mailbox = take_free_one();
  try {
    mailbox.channel_ = WakeChannel::open();
  } catch (...) {
    mailbox.in_use_ = false;
    throw;
  }
  mailbox.loop_ = &loop;
  mailbox.process_ = ::getpid();
  return mailbox;
}

void Mailbox::release() {
  std::vector<Post> unread, taken;
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
    unread.swap(posts_);
    taken.swap(taken_);
    first_taken_ = 0;
    next_number_ = 0;
    next_post_ = 0;
  }
  wanted_signals_ = 0;
  while (writers_.load() != 0) std::this_thread::yield();
  channel_.close();
  for (auto& count : delivered_) count = 0;
  mail_ = 0;
  asleep_ = false;
  // Before in_use_ becomes false, so that no other loop has this mailbox yet.
  unread.clear();
  taken.clear();
  in_use_ = false;
}

void Mailbox::enter_child() noexcept {
  const int process = ::getpid();
  for (Mailbox* m = first_mailbox.load(); m != nullptr; m = m->next_) {
    m->process_ = process;
    m->writers_ = 0;
    m->asleep_ = false;
    m->unlock_in_child();
  }
}

void Mailbox::unlock_in_child() noexcept {
  if (mutex_.try_lock()) {
    mutex_.unlock();
    return;
  }
  // The thread that holds the lock does not exist here. That thread may have
  // left posts_ half changed, so the vector must not even be destroyed.
  std::construct_at(&mutex_);
  std::construct_at(&posts_);
  next_number_ = first_taken_ + taken_.size();
}

void Mailbox::renew_channel() {
  const WakeChannel fresh = WakeChannel::open();
  channel_.close();
  channel_ = fresh;
}

void Mailbox::throw_closed() {
  throw selectors::RuntimeError("Event loop is closed");
}

// Called with the lock held. Returns whether wake_for_posts() must be called
// after unlocking.
bool Mailbox::announce_posts() {
  mail_ |= kPosts;
  if (!must_be_woken()) return false;
  ++writers_;
  return true;
}

void Mailbox::wake_for_posts() {
  const Finally has_written([this] { --writers_; });
  write_wake_up();
}

bool Mailbox::take_posts() {
  const std::lock_guard lock(mutex_);
  const bool are_any = !posts_.empty();
  if (are_any) {
    append_posts();
    taken_.back().is_last = true;
  }
  mail_ &= ~kPosts;
  return are_any;
}

// Moves posts_ to the end of taken_. If all taken posts have begun, the two
// vectors are swapped.
void Mailbox::append_posts() {
  if (next_post_ == taken_.size()) {
    first_taken_ += taken_.size();
    next_post_ = 0;
    taken_.clear();
    taken_.swap(posts_);
    return;
  }
  if (next_post_ > taken_.size() / 2) {
    taken_.erase(taken_.begin(),
                 taken_.begin() + static_cast<std::ptrdiff_t>(next_post_));
    first_taken_ += next_post_;
    next_post_ = 0;
  }
  taken_.insert(taken_.end(), std::make_move_iterator(posts_.begin()),
                std::make_move_iterator(posts_.end()));
  posts_.clear();
}

void Mailbox::write_wake_up() const {
  while (kernel::write(channel_.writer, &kOne, sizeof(kOne)) < 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {  // A full channel is readable, which is enough.
      log_line("cannot wake the event loop, which will sleep on: write to fd " +
               std::to_string(channel_.writer) + ": " +
               std::generic_category().message(errno));
    }
    return;
  }
}

// The signal may have interrupted any function, also one of this class. So this
// function takes no lock, and calls ::write() without kernel.h, because a trace
// would allocate memory.
void Mailbox::deliver(int signal_number) noexcept {
  const int interrupted_errno = errno;
  const int process = ::getpid();
  for (Mailbox* m = first_mailbox.load(); m != nullptr; m = m->next_) {
    // A child in which enter_child() has not run yet would wake the parent.
    if (m->process_.load() != process) continue;
    ++m->writers_;
    if ((m->wanted_signals_.load() & bit(signal_number)) != 0) {
      ++m->delivered_[index_of(signal_number)];
      m->mail_ |= kDelivered;
      if (m->must_be_woken()) {
        [[maybe_unused]] const auto unheard =
            ::write(m->channel_.writer, &kOne, sizeof(kOne));
      }
    }
    --m->writers_;
  }
  errno = interrupted_errno;
}

}  // namespace loop
