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

#include "loop/callbacks/kernel.h"
#include "loop/callbacks/log_line.h"
#include "selectors/errors.h"

namespace loop {
namespace {

// Every mailbox there ever was, the newest first. A signal handler walks along
// it without a lock, as nothing is ever taken out.
std::atomic<Mailbox*> first_mailbox = nullptr;
static_assert(std::atomic<Mailbox*>::is_always_lock_free);

std::mutex mailboxes_mutex;  // Of `in_use_` of all, and of adding one.

constexpr std::uint64_t kOne = 1;  // An eventfd wants eight bytes.

}  // namespace

Mailbox& Mailbox::acquire(EventLoop& loop) {
  const std::lock_guard lock(mailboxes_mutex);
  Mailbox* mailbox = first_mailbox.load();
  while (mailbox != nullptr && mailbox->in_use_) mailbox = mailbox->next_;
  if (mailbox == nullptr) {
    mailbox = new Mailbox;
    mailbox->next_ = first_mailbox.load();
    first_mailbox.store(mailbox);
  }
  mailbox->channel_ = WakeChannel::open();
  mailbox->loop_ = &loop;
  mailbox->in_use_ = true;
  mailbox->process_ = ::getpid();
  return *mailbox;
}

void Mailbox::release() {
  std::vector<Post> unread, taken;
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
    unread.swap(posts_);
    taken.swap(taken_);
    first_taken_ = 0;
    next_post_ = 0;
  }
  wanted_signals_ = 0;
  while (writers_.load() != 0) std::this_thread::yield();
  channel_.close();
  for (auto& count : delivered_) count = 0;
  mail_ = 0;
  asleep_ = false;
  // While no other loop can have this mailbox yet.
  unread.clear();
  taken.clear();
  const std::lock_guard lock(mailboxes_mutex);
  in_use_ = false;
}

void Mailbox::renew_after_fork() {
  const WakeChannel fresh = WakeChannel::open();
  channel_.close();
  channel_ = fresh;
  process_ = ::getpid();
  writers_ = 0;
  if (mutex_.try_lock()) {
    mutex_.unlock();
    return;
  }
  // Its owner does not exist here. A vector that it was changing is not fit to
  // be looked at, not even to be destroyed.
  std::construct_at(&mutex_);
  std::construct_at(&posts_);
}

std::uint64_t Mailbox::post(std::uint64_t generation, Scheduled&& scheduled) {
  scheduled.callback.pin();
  std::uint64_t number;
  {
    const std::lock_guard lock(mutex_);
    if (generation != generation_)
      throw selectors::RuntimeError("Event loop is closed");
    number = first_taken_ + taken_.size() + posts_.size();
    posts_.emplace_back(std::move(scheduled));
    // Who put in the first sees to the waking.
    if (posts_.size() > 1) return number;
    mail_ |= kPosts;
    if (!must_be_woken()) return number;
    ++writers_;
  }
  struct Writing {
    ~Writing() { --writers; }
    std::atomic<int>& writers;
  };
  const Writing writing{writers_};
  write_wake_up();
  return number;
}

// If all that was taken has begun, the two arrays change places.
std::size_t Mailbox::append_posts() {
  if (next_post_ == taken_.size()) {
    first_taken_ += taken_.size();
    next_post_ = 0;
    taken_.clear();
    taken_.swap(posts_);
    return 0;
  }
  if (next_post_ > taken_.size() / 2) {
    taken_.erase(taken_.begin(),
                 taken_.begin() + static_cast<std::ptrdiff_t>(next_post_));
    first_taken_ += next_post_;
    next_post_ = 0;
  }
  const std::size_t first = taken_.size();
  taken_.insert(taken_.end(), std::make_move_iterator(posts_.begin()),
                std::make_move_iterator(posts_.end()));
  posts_.clear();
  return first;
}

void Mailbox::write_wake_up() const {
  while (kernel::write(channel_.writer, &kOne, sizeof(kOne)) < 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {  // Full is as good as written.
      log_line("cannot wake the event loop, which will sleep on: write to fd " +
               std::to_string(channel_.writer) + ": " +
               std::generic_category().message(errno));
    }
    return;
  }
}

// Anything may have been interrupted, also a function of this class. So there
// is no lock here, and the write goes past kernel.h: a trace of it would
// allocate memory.
void Mailbox::deliver(int signal_number) noexcept {
  const int interrupted_errno = errno;
  const int process = ::getpid();
  for (Mailbox* m = first_mailbox.load(); m != nullptr; m = m->next_) {
    // A child of fork() that is not yet on its own would wake the parent.
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
