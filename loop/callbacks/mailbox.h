// `Mailbox`: the posts and signals for a loop, from other threads and signal
// handlers.
//
// The loop blocks only if there are no posts and no signals. A wake-up costs a
// system call, so it is written only if the loop may be asleep. Neither side
// waits for the other to find that out (Dekker's algorithm):
//
//   the sender                     the loop
//     adds the post                  sets asleep_
//     tests asleep_                  tests for posts
//     wakes the loop if asleep       does not block if there are any
//
// All four operations are sequentially consistent, so at least one side sees
// the other. If both do, one wake-up is unnecessary.

#ifndef LOOP_CALLBACKS_MAILBOX_H_
#define LOOP_CALLBACKS_MAILBOX_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/wake_channel.h"

namespace loop {

class EventLoop;

/// The object that a loop shares with code that does not know whether the loop
/// still exists: other threads, signal handlers and old handles. A mailbox is
/// therefore never freed. When its loop closes, the mailbox goes to the next
/// loop that is made, and a generation number distinguishes the two loops.
class Mailbox {
 public:
  /// One more than the largest signal number. Numbers from 1 to 64 fit into a
  /// set of bits; most Unixes have no others.
  static constexpr int kSignals = 65;
  /// Returns whether `number` is from 1 to kSignals - 1.
  static bool is_signal(int number) { return number > 0 && number < kSignals; }

  /// Returns a mailbox for `loop`, with an open channel. Throws OSError if no
  /// descriptor is left.
  static Mailbox& acquire(EventLoop& loop);

  /// Adapts all mailboxes to the child of a fork(), in which only the thread
  /// that forked exists. The parent's loops count as awake, so that no post or
  /// signal of the child writes into a channel of the parent. The child does
  /// not wait for threads that do not exist.
  static void enter_child() noexcept;

  /// Releases the mailbox for the next loop. From now on post() throws
  /// RuntimeError, and signals are not delivered. Destroys the posts that have
  /// not begun, and closes the channel once all pending writes into the channel
  /// are finished.
  void release();

  /// Opens a channel for the child of a fork(), in place of the parent's. A
  /// post that another thread was making during fork() may be lost to the
  /// child. Throws OSError; then nothing has changed.
  void renew_channel();

  /// Returns the channel, whose reader the loop must watch.
  const WakeChannel& channel() const { return channel_; }

  // ---- From any thread. ----

  /// Returns the number of loops that have released this mailbox.
  std::uint64_t generation() const { return generation_.load(); }

  /// Returns the loop of the present generation.
  EventLoop& loop() const { return *loop_; }

  /// Throws the RuntimeError of a loop that is closed.
  [[noreturn]] static void throw_closed();

  /// Posts a callback to the loop of `generation`, and wakes the loop if it is
  /// asleep. Returns the number of posts to that loop before this one, which
  /// names the post for cancel_post(). Throws RuntimeError if that loop has
  /// released the mailbox, std::bad_alloc, and the exceptions of making the
  /// callback.
  template <class F>
  std::uint64_t post(std::uint64_t generation, F&& function,
                     const SourceLocation& where) {
    if constexpr (Callback::kMadeOfBytes<F>) {
      return put(generation, std::forward<F>(function), where);
    } else {
      Callback callback(std::forward<F>(function));
      callback.pin();
      return put(generation, std::move(callback), where);
    }
  }

  /// Cancels a post to the loop of `generation`, which then never runs. Does
  /// nothing if the post has begun. may_destroy(loop, taken) returns whether
  /// this thread may destroy the closure now; otherwise the loop destroys the
  /// closure when its turn comes. `taken` is true if the loop has taken the
  /// post already.
  template <class MayDestroy>
  void cancel_post(std::uint64_t generation, std::uint64_t number,
                   MayDestroy may_destroy) {
    // Destroyed after unlocking, as its destructor may do anything.
    Callback dying;
    const std::lock_guard lock(mutex_);
    if (generation != generation_) return;
    if (number < first_taken_ || number >= next_number_) return;
    const std::uint64_t index = number - first_taken_;
    const bool taken = index < taken_.size();
    // Posts may be lost in a child of fork(); see renew_channel().
    if (!taken && index - taken_.size() >= posts_.size()) return;
    Post& post = taken ? taken_[index] : posts_[index - taken_.size()];
    if (!post.settle()) return;
    if (may_destroy(*loop_, taken)) dying = std::move(post.scheduled.callback);
  }

  // ---- From a signal handler. ----

  /// Delivers a signal to all mailboxes that have asked for it with
  /// want_signal(). Async-signal-safe: the signal handler of all caught
  /// signals.
  static void deliver(int signal_number) noexcept;

  // ---- From the loop's thread. ----

  /// Requests the delivery of a signal, from 1 to kSignals - 1.
  void want_signal(int signal_number) { wanted_signals_ |= bit(signal_number); }
  /// Ends the delivery of a signal, and drops the arrivals that were not taken.
  void forget_signal(int signal_number) {
    wanted_signals_ &= ~bit(signal_number);
    delivered_[index_of(signal_number)] = 0;
  }

  /// Returns whether there are posts or signals.
  bool has_mail() const { return mail_.load(std::memory_order_acquire) != 0; }
  /// Returns whether there are posts that take_posts() has not taken.
  bool has_posts() const { return (mail_.load() & kPosts) != 0; }
  /// Returns whether there are signals that take_signals() has not taken.
  bool has_signals() const { return (mail_.load() & kDelivered) != 0; }

  /// Marks the loop as asleep, so that senders wake it. Returns false if there
  /// are posts or signals, so that the loop must not block.
  bool fall_asleep() {
    asleep_.store(true);
    return mail_.load() == 0;
  }
  /// Marks the loop as awake.
  void wake_up() { asleep_.store(false, std::memory_order_relaxed); }

  /// Wakes the loop or host that watches the channel, if the loop is asleep.
  void wake_watcher() {
    if (must_be_woken()) write_wake_up();
  }

  /// Takes the posts since the last call, as one batch. Returns false if there
  /// are none. Throws std::bad_alloc; then no post is taken.
  bool take_posts();

  /// Returns whether there are taken posts that have not begun.
  bool has_taken_posts() const { return next_post_ != taken_.size(); }

  /// Calls f(scheduled), which must not throw, for each post of the oldest
  /// batch that was not cancelled. f() may call take_posts() and, in a child of
  /// fork(), release(). There must be a batch.
  template <class F>
  void for_each_of_batch(F f) {
    const auto generation = generation_.load(std::memory_order_relaxed);
    bool goes_on = true;
    // release() changes the generation, and takes the batch away.
    while (goes_on &&
           generation_.load(std::memory_order_relaxed) == generation) {
      Post& post = taken_[next_post_++];
      goes_on = !post.is_last;
      const bool begins = post.settle();
      // Moved out of the vector, which may reallocate.
      const Callback::Pinned pinned{post.scheduled.callback};
      if (begins) {
        Scheduled scheduled(pinned, post.scheduled.where);
        f(scheduled);
      } else {
        const Callback dying(pinned);  // The post was cancelled.
      }
    }
  }

  /// Calls f(signal_number, count) for each signal that arrived since the last
  /// call, in the order of signal numbers.
  template <class F>
  void take_signals(F f) {
    mail_ &= ~kDelivered;
    for (SignalSet left = wanted_signals_; left != 0; left &= left - 1) {
      const int number = 1 + std::countr_zero(left);
      const auto count = delivered_[index_of(number)].exchange(0);
      if (count != 0) f(number, count);
    }
  }

 private:
  // A posted callback, which either begins or is cancelled: the first call of
  // settle() decides. The loop owns the closure once the post is taken.
  struct Post {
    template <class F>
    Post(F&& function, const SourceLocation& where)
        : scheduled(std::forward<F>(function), where) {}
    Post(Post&& other) noexcept
        : scheduled(std::move(other.scheduled)),
          settled(other.settled.load(std::memory_order_relaxed)),
          is_last(other.is_last) {}
    Post& operator=(Post&& other) noexcept {
      scheduled = std::move(other.scheduled);
      settled = other.settled.load(std::memory_order_relaxed);
      is_last = other.is_last;
      return *this;
    }
    // Settles the post. Returns false if the post was settled already.
    bool settle() { return !settled.exchange(true); }

    Scheduled scheduled;
    std::atomic<bool> settled = false;
    bool is_last = false;  // Whether this is the last post of its batch.
  };

  // Adds a post. Moving `function` here runs no user code, which might post
  // while the mutex is locked.
  template <class F>
  std::uint64_t put(std::uint64_t generation, F&& function,
                    const SourceLocation& where) {
    bool must_write = false;
    std::uint64_t number;
    {
      const std::lock_guard lock(mutex_);
      if (generation != generation_) [[unlikely]]
        throw_closed();
      // The thread that adds the first post wakes the loop.
      const bool is_first = posts_.empty();
      posts_.emplace_back(std::forward<F>(function), where);
      number = next_number_++;
      if (is_first) [[unlikely]]
        must_write = announce_posts();
    }
    if (must_write) [[unlikely]]
      wake_for_posts();
    return number;
  }
  bool announce_posts();
  void wake_for_posts();
  void append_posts();

  // A bit set of the kinds of waiting messages: posts and delivered signals.
  // Both are in one set, so that the frequent has_mail() is a single load.
  using Mail = unsigned;
  static constexpr Mail kPosts = 1;
  static constexpr Mail kDelivered = 2;

  using SignalSet = std::uint64_t;
  static SignalSet bit(int signal_number) {
    return SignalSet{1} << (signal_number - 1);
  }
  static std::size_t index_of(int signal_number) {
    return static_cast<std::size_t>(signal_number);
  }

  static Mailbox& take_free_one();
  void unlock_in_child() noexcept;

  bool must_be_woken() { return asleep_.load() && asleep_.exchange(false); }
  void write_wake_up() const;

  std::atomic<std::uint64_t> generation_ = 0;
  EventLoop* loop_ = nullptr;
  Mailbox* next_ = nullptr;  // In the list of all mailboxes.
  std::atomic<bool> in_use_ = true;

  WakeChannel channel_;
  std::atomic<int> process_ = 0;
  // The number of threads and signal handlers that may be writing into the
  // channel.
  std::atomic<int> writers_ = 0;
  std::atomic<bool> asleep_ = false;
  std::atomic<Mail> mail_ = 0;

  // Guards the next four members, and changes of generation_. No user code runs
  // while it is locked.
  std::mutex mutex_;
  std::vector<Post> posts_;  // Not taken yet.
  // Taken posts, without the closures of those that have begun. Only the loop's
  // thread moves them, so that this thread may read without the lock.
  std::vector<Post> taken_;
  std::uint64_t first_taken_ = 0;  // The number of the first post in taken_.
  std::uint64_t next_number_ = 0;  // The number of the next post.

  std::size_t next_post_ = 0;  // Index in taken_. For the loop's thread only.

  std::atomic<SignalSet> wanted_signals_ = 0;
  std::array<std::atomic<std::uint32_t>, kSignals> delivered_{};
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_MAILBOX_H_
