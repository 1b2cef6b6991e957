#include "loop/callbacks/event_loop.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/finally.h"
#include "loop/callbacks/running_loop.h"

namespace loop {
namespace {

using selectors::ReadyKey;
using selectors::WaitLimit;

}  // namespace

// ---- Running ----

// Marks the loop as running in this thread, as long as the object exists.
class EventLoop::Running {
 public:
  explicit Running(EventLoop& loop) : loop_(loop) {
    loop.check_can_run();
    RunningLoop::exchange(&loop);
    loop.thread_ = std::this_thread::get_id();
    loop.fds_.set_running(true);
    if (loop.rests_) loop.end_rest();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    loop_.stopping_ = false;
    if (loop_.is_guest_) loop_.rest();
    loop_.fds_.set_running(false);
    loop_.thread_ = std::thread::id();
    RunningLoop::exchange(nullptr);
  }

 private:
  EventLoop& loop_;
};

void EventLoop::check_can_run() const {
  check_open();
  if (is_running()) throw RuntimeError("This event loop is already running");
  check_home();
  RunningLoop::check_none();
}

// Runs one iteration. The numbers are those of loop/README.md. Inlined, because
// the function call would be a sixth of the cost of an iteration with little to
// do.
[[gnu::always_inline]] inline void EventLoop::run_once(
    const Running&, const WaitLimit& at_most) {
  // 1. Update the selector with the readers and writers that were added or
  //    removed.
  if (fds_.has_changed()) tell_selector();

  // 2. Poll for ready descriptors. If there is nothing to run yet, block until
  //    a descriptor is ready or the first timer is due.
  std::optional<TimePoint> due_at;  // Now, if a timer is due already.
  const auto ready_fds =
      has_work() ? poll_now() : wait_for_work(at_most, due_at);

  // 3. Queue events from outside: callbacks that other threads posted, then the
  //    handlers of ready descriptors (the result of select() is the queue),
  //    then the handlers of the signals that arrived.
  // 4. Queue the timers that are due.
  pool_.begin_iteration();
  const bool any_timers = !timers_.empty();
  try {
    if (any_timers) {
      timers_.collect_due((due_at ? *due_at : time()).time_since_epoch());
    }
    if (mailbox_->has_mail()) {
      take_posts();
      if (mailbox_->has_signals()) signals_.collect();  // Last: cannot throw.
    }
  } catch (...) {  // Out of memory, or an exception of the clock.
    fds_.report_again(ready_fds);
    throw;
  }

  // 5. Run the callbacks queued so far. Callbacks that these schedule wait for
  //    the next iteration.
  ready_.run_batch([this](Scheduled& scheduled) { run(scheduled); });
  if (!fds_.empty()) run_fds(ready_fds);
  if (signals_.any_arrived()) run_signals();
  if (any_timers) run_timers();
}

void EventLoop::run_forever() {
  const Running running(*this);
  do {
    run_once(running, std::nullopt);
  } while (!stopping_);
}

void EventLoop::run_once(const WaitLimit& at_most) {
  const Running running(*this);
  run_once(running, at_most);
}

// Polls for ready descriptors. No system call is needed if the loop's own
// channel is the only descriptor, as the mailbox knows its state. But a guest's
// descriptor stays readable until the selector is polled.
inline std::span<const ReadyKey> EventLoop::poll_now() {
  if (fds_.empty() && !is_guest_) return {};
  return ask(std::chrono::nanoseconds::zero());
}

inline std::span<const ReadyKey> EventLoop::ask(const WaitLimit& timeout) {
  const auto ready_fds = selector_->select(timeout);
  if (drains_channel_) drain_channel(ready_fds);
  return ready_fds;
}

// Blocks until there is something to do. Sets `due_at` to the present time if a
// timer is due already, so that step 4 need not read the clock again. Reading
// the clock takes as long as all other work for a timer.
std::span<const ReadyKey> EventLoop::wait_for_work(
    const WaitLimit& at_most, std::optional<TimePoint>& due_at) {
  if (timers_.empty()) return block(at_most);
  const TimePoint when{*timers_.next_deadline()};
  const TimePoint now = time();
  if (when <= now) {
    due_at = now;
    return poll_now();
  }
  if (when == TimePoint::max()) return block(at_most);
  const auto to_timer = until(when, now);
  return block(at_most.waits_forever() ? to_timer
                                       : std::min(to_timer, at_most.value()));
}

std::span<const ReadyKey> EventLoop::block(WaitLimit timeout) {
  if (timeout.is_poll()) return poll_now();
  check_home();  // The child of a fork() may have returned to the loop.
  if (fds_.has_unwanted()) fds_.forget_unwanted();
  const Finally wake_up([this] { mailbox_->wake_up(); });
  if (!mailbox_->fall_asleep()) timeout = std::chrono::nanoseconds::zero();
  return ask(timeout);
}

void EventLoop::run_fds(std::span<const ReadyKey> ready_fds) {
  fds_.run_ready(ready_fds, [this](Handler& handler) { run_handler(handler); });
}

void EventLoop::run_signals() {
  signals_.run_arrived([this](Handler& handler) { run_handler(handler); });
}

void EventLoop::run_timers() {
  timers_.fire_due([this](Scheduled&& scheduled) { run(scheduled); });
}

inline void EventLoop::run(Scheduled& scheduled) {
  guarded<RunPosts>(scheduled, [&] { scheduled.callback.call_once(); });
}

void EventLoop::RunPosts::operator()() const {
  loop->mailbox_->for_each_of_batch(
      [this](Scheduled& post) { loop->run(post); });
}

void EventLoop::run_handler(Handler& handler) {
  pool_.run(handler, [this](Scheduled& scheduled) {
    guarded<RunPosts>(scheduled, [&] { scheduled.callback(); });
  });
}

// Passes the changes to the selector. Schedules a callback for each refusal,
// which reports the refusal to the exception handler.
void EventLoop::tell_selector() {
  check_home();
  fds_.tell_selector([this](std::vector<FdHandlers::Refused>& all_refused) {
    ready_.make_room(all_refused.size());
    for (FdHandlers::Refused& refused : all_refused) {
      const SourceLocation where = refused.where;
      ready_.push(
          [this, refused = std::move(refused)] { report_refused(refused); },
          where);
    }
    all_refused.clear();  // make_room() may throw; the rest is for later.
    while (fds_.has_failed()) {
      ready_.make_room(1);
      ready_.push([waiter = fds_.take_failed()] { waiter->failed(); },
                  SourceLocation());
    }
  });
}

// ---- Scheduling ----

// Called before the callback is moved: if this throws, the caller still has the
// callback.
void EventLoop::prepare_call_soon() {
  check_usable("call_soon");
  if (mailbox_->has_mail()) take_posts();
  ready_.make_room(1);
}

void EventLoop::take_posts() {
  if (!mailbox_->has_posts()) return;
  ready_.make_room(1);
  if (mailbox_->take_posts()) ready_.push(RunPosts{this}, SourceLocation());
}

void EventLoop::add_signal_handler(int signal_number, Callback callback,
                                   SourceLocation where) {
  check_usable("add_signal_handler");
  signals_.add(signal_number, std::move(callback), where);
}

bool EventLoop::remove_signal_handler(int signal_number) {
  check_thread("remove_signal_handler");
  return signals_.remove(signal_number);
}

}  // namespace loop
