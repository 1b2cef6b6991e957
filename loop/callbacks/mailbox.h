// How the outside reaches a loop: other threads, signal handlers, old handles.

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

// What a loop shares with those who do not know whether it still exists. So it
// is never freed: when its loop closes it goes to the next loop that is made,
// and a generation number tells the two apart.
//
// The loop sleeps only if there is no mail, and a wake-up costs a system call,
// so it is written only if the loop may be asleep. Neither side waits for the
// other to find that out (Dekker's algorithm):
//
//   the sender                     the loop
//     puts the mail in               says that it sleeps
//     is the loop asleep?            is there mail?
//     then wakes it                  then does not sleep after all
//
// All four are sequentially consistent, so at least one side sees the other. If
// both do, the loop is woken once for nothing.
class Mailbox {
 public:
  // Those from 1 to 64, as many as a set of bits holds; on most Unixes that is
  // all there are.
  static constexpr int kSignals = 65;
  static bool is_signal(int number) { return number > 0 && number < kSignals; }

  // For `loop`, open. Throws OSError if there is no descriptor left.
  static Mailbox& acquire(EventLoop& loop);

  // In the child of a fork(), in which only the thread that forked exists. The
  // loops of the parent sleep no more here, so that nothing that the child
  // posts, and no signal that it gets, writes into a channel of the parent's;
  // and nothing waits for threads that do not exist.
  static void enter_child() noexcept;

  // From now on post() throws, signals are not delivered, and the descriptors
  // are closed: not before everybody who is about to write into them has.
  void release();

  // Gives the child of a fork() a channel of its own. What another thread was
  // posting at the moment of fork() may be lost to the child. Throws OSError,
  // and then nothing has changed.
  void renew_channel();

  // The channel whose reader the loop has to watch.
  const WakeChannel& channel() const { return channel_; }

  // ---- From any thread. ----

  // How many loops have released it.
  std::uint64_t generation() const { return generation_.load(); }

  // The loop of this generation.
  EventLoop& loop() const { return *loop_; }

  /// Puts in a callback for the loop of `generation`, and wakes it if need be.
  /// Returns the number of callbacks that were put in before. Throws
  /// RuntimeError if that loop has released the mailbox, std::bad_alloc, and
  /// what making the callback throws.
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

  /// Cancels the post of this number of the loop of `generation`, unless it has
  /// begun: it never runs. `may_destroy(loop, taken)`, called with that loop,
  /// says whether the closure may be destroyed here and now; `taken` is true if
  /// the loop has taken it already. If not, the loop destroys it when its turn
  /// comes.
  template <class MayDestroy>
  void cancel_post(std::uint64_t generation, std::uint64_t number,
                   MayDestroy may_destroy) {
    Callback dying;  // Without the lock, as its destructor may do anything.
    const std::lock_guard lock(mutex_);
    if (generation != generation_) return;
    if (number < first_taken_ || number >= next_number_) return;
    const std::uint64_t index = number - first_taken_;
    const bool taken = index < taken_.size();
    // In a child of fork() posts may be lost; see renew_channel().
    if (!taken && index - taken_.size() >= posts_.size()) return;
    Post& post = taken ? taken_[index] : posts_[index - taken_.size()];
    if (!post.settle()) return;
    if (may_destroy(*loop_, taken)) dying = std::move(post.scheduled.callback);
  }

  // ---- From a signal handler. ----

  // Puts the signal into every mailbox that wants it.
  static void deliver(int signal_number) noexcept;

  // ---- From the loop's thread. ----

  // From 1 to kSignals - 1.
  void want_signal(int signal_number) { wanted_signals_ |= bit(signal_number); }
  void forget_signal(int signal_number) {
    wanted_signals_ &= ~bit(signal_number);
    delivered_[index_of(signal_number)] = 0;
  }

  // Of either kind: what is asked often is one question.
  bool has_mail() const { return mail_.load(std::memory_order_acquire) != 0; }
  bool has_posts() const { return (mail_.load() & kPosts) != 0; }
  bool has_signals() const { return (mail_.load() & kDelivered) != 0; }

  // Returns false if there is mail, so that it must not sleep.
  bool fall_asleep() {
    asleep_.store(true);
    return mail_.load() == 0;
  }
  void wake_up() { asleep_.store(false, std::memory_order_relaxed); }

  /// Has whoever watches the channel wake up, if the loop is asleep.
  void wake_watcher() {
    if (must_be_woken()) write_wake_up();
  }

  /// Takes what was posted since the last time, as one batch. Returns false if
  /// there is nothing. Throws std::bad_alloc; then nothing is taken.
  bool take_posts();

  /// Returns whether there are posts that were taken and have not begun.
  bool has_taken_posts() const { return next_post_ != taken_.size(); }

  /// Calls f(scheduled), which throws nothing, for each post of the oldest
  /// batch that was not cancelled; meanwhile more may be taken. There must be a
  /// batch.
  template <class F>
  void for_each_of_batch(F f) {
    bool goes_on = true;
    while (goes_on) {
      Post& post = taken_[next_post_++];
      goes_on = !post.is_last;
      const bool begins = post.settle();
      // Out of the array, which may move.
      const Callback::Pinned pinned{post.scheduled.callback};
      if (begins) {
        Scheduled scheduled(pinned, post.scheduled.where);
        f(scheduled);
      } else {
        const Callback dying(pinned);  // Another thread has cancelled it.
      }
    }
  }

  // Calls f(signal_number, count) for each signal that came since the last
  // time, in the order of their numbers.
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
  // A callback on its way, which begins or is cancelled: whoever settles it
  // first decides. Its closure belongs to the loop once it is taken.
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
    // Returns false if it is settled already.
    bool settle() { return !settled.exchange(true); }

    Scheduled scheduled;
    std::atomic<bool> settled = false;
    bool is_last = false;  // Of its batch.
  };

  // `function` is put in without running code of the user's, which might post.
  template <class F>
  std::uint64_t put(std::uint64_t generation, F&& function,
                    const SourceLocation& where) {
    bool must_write = false;
    std::uint64_t number;
    {
      const std::lock_guard lock(mutex_);
      if (generation != generation_) [[unlikely]]
        throw_closed();
      // The thread that puts in the first sees to the waking.
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
  [[noreturn]] static void throw_closed();
  bool announce_posts();
  void wake_for_posts();
  void append_posts();

  // A set of what kinds of mail there are.
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
  Mailbox* next_ = nullptr;  // of all
  std::atomic<bool> in_use_ = true;

  WakeChannel channel_;
  std::atomic<int> process_ = 0;
  // How many are between asking whether to write into the channel and having
  // done so.
  std::atomic<int> writers_ = 0;
  std::atomic<bool> asleep_ = false;
  std::atomic<Mail> mail_ = 0;

  // Of these, and of changing the generation. No code of the user's runs with
  // it.
  std::mutex mutex_;
  std::vector<Post> posts_;  // Since the loop took some the last time.
  // Those that it took; the closures of those that have begun are gone. Moved
  // by the loop's thread only, so that it may read without the lock.
  std::vector<Post> taken_;
  std::uint64_t first_taken_ = 0;  // The number of the first of them.
  std::uint64_t next_number_ = 0;  // Of the next post.

  std::size_t next_post_ = 0;  // In taken_. For the loop's thread only.

  std::atomic<SignalSet> wanted_signals_ = 0;
  std::array<std::atomic<std::uint32_t>, kSignals> delivered_{};
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_MAILBOX_H_
