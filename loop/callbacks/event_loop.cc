#include "loop/callbacks/event_loop.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <optional>

#include "loop/callbacks/log_line.h"
#include "selectors/default_selector.h"
#include "selectors/errors.h"
#include "selectors/forks.h"
#include "selectors/kernel/describe.h"

namespace loop {
namespace {

using selectors::ReadyKey;
using selectors::WaitLimit;

constinit thread_local EventLoop* running_loop = nullptr;

// In a child of fork() no loop is running: the one that called fork() is the
// parent's. Python compares process ids to the same effect.
[[maybe_unused]] const bool none_runs_in_children =
    selectors::at_fork({nullptr, nullptr, [] { running_loop = nullptr; }});

void check_no_other_runs() {
  if (running_loop == nullptr) return;
  throw RuntimeError("Cannot run the event loop while another loop is running");
}

// Reports that no memory is left for a report. Allocates nothing.
void log_no_memory() {
  std::fputs("loop: no memory to report an exception\n", stderr);
}

}  // namespace

// ---- Running ----

// Marks the loop as running in this thread, as long as the object exists.
class EventLoop::Running {
 public:
  explicit Running(EventLoop& loop) : loop_(loop) {
    if (loop.closed_) throw RuntimeError("Event loop is closed");
    if (loop.is_running()) {
      throw RuntimeError("This event loop is already running");
    }
    loop.check_home();
    check_no_other_runs();
    running_loop = &loop;
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
    running_loop = nullptr;
  }

 private:
  EventLoop& loop_;
};

EventLoop& get_running_loop() {
  if (running_loop == nullptr) throw RuntimeError("no running event loop");
  return *running_loop;
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
    if (mailbox_->has_mail()) {
      take_posts();
      if (mailbox_->has_signals()) signals_.collect();
    }
    if (any_timers) {
      timers_.collect_due((due_at ? *due_at : time()).time_since_epoch());
    }
  } catch (...) {  // Out of memory.
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
  struct Sleep {
    ~Sleep() { mailbox.wake_up(); }
    Mailbox& mailbox;
  };
  const Sleep sleep{*mailbox_};
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

// The callback that runs a batch of posts of other threads. Its position in the
// queue keeps their order with the callbacks of call_soon().
struct EventLoop::RunPosts {
  void operator()() const {
    loop->mailbox_->for_each_of_batch(
        [this](Scheduled& post) { loop->run(post); });
  }
  EventLoop* loop;
};

inline void EventLoop::run(Scheduled& scheduled) {
  guarded(scheduled, [&] { scheduled.callback.call_once(); });
}

void EventLoop::run_handler(Handler& handler) {
  pool_.run(handler, [this](Scheduled& scheduled) {
    guarded(scheduled, [&] { scheduled.callback(); });
  });
}

// Runs call(), reports its exceptions, and in debug mode reports slow
// callbacks.
template <class Call>
inline void EventLoop::guarded(const Scheduled& scheduled, Call call) try {
  if (!debug_ || scheduled.callback.holds<RunPosts>()) [[likely]]
    return call();
  const TimePoint start = time();
  struct Watch {
    ~Watch() { loop.report_if_slow(start, where); }
    EventLoop& loop;
    TimePoint start;
    const SourceLocation& where;
  };
  const Watch watch{*this, start, scheduled.where};
  call();
} catch (...) {
  report_exception(scheduled.where);
}

// Reports the exception that is being handled.
void EventLoop::report_exception(const SourceLocation& where) noexcept {
  try {
    call_exception_handler(
        {"Exception in callback", std::current_exception(), where});
  } catch (const std::bad_alloc&) {
    log_no_memory();
  }
}

void EventLoop::report_if_slow(TimePoint start,
                               const SourceLocation& where) noexcept try {
  const auto elapsed = time() - start;
  if (elapsed < slow_callback_duration_) return;
  std::string text = "Executing the callback scheduled at " + where.repr();
  text += " took ";
  selectors::append_duration(text, elapsed);
  log_line(text);
} catch (...) {
  log_no_memory();
}

// Passes the changes to the selector. Schedules a callback for each refusal,
// which reports the refusal to the exception handler.
void EventLoop::tell_selector() {
  check_home();
  fds_.tell_selector([this](std::vector<FdHandlers::Refused>& all_refused) {
    ready_.make_room(all_refused.size());
    for (FdHandlers::Refused& refused : all_refused) {
      const SourceLocation where = refused.where;
      ready_.push([this, refused = std::move(refused)] { report(refused); },
                  where);
    }
  });
}

void EventLoop::report(const FdHandlers::Refused& refused) {
  static constexpr const char* kNames[] = {"The reader", "The writer",
                                           "The priority reader"};
  call_exception_handler({std::string(kNames[refused.side]) + " of fd " +
                              std::to_string(refused.fd) +
                              " was removed, as it cannot be watched",
                          refused.error, refused.where});
}

bool EventLoop::is_running() const {
  return thread_.load() != std::thread::id() && !process_.is_left();
}

void EventLoop::check_home() const {
  if (!process_.is_left()) return;
  throw RuntimeError(
      "This event loop is the parent process's: after fork(), call "
      "after_fork_in_child() first, or make another loop");
}

// ---- As the guest of another loop ----

int EventLoop::fileno() {
  if (closed_) throw RuntimeError("Event loop is closed");
  check_home();
  const int fd = selector_->fileno();
  if (is_guest_) return fd;
  is_guest_ = true;
  if (!is_running()) rest();
  return fd;
}

WaitLimit EventLoop::prepare() {
  if (closed_) throw RuntimeError("Event loop is closed");
  if (is_running()) throw RuntimeError("This event loop is already running");
  check_home();
  if (fds_.has_changed()) tell_selector();
  if (fds_.has_unwanted()) fds_.forget_unwanted();
  if (has_work() || mailbox_->has_mail()) {
    return std::chrono::nanoseconds::zero();
  }
  if (timers_.empty()) return std::nullopt;
  const TimePoint when{*timers_.next_deadline()};
  if (when == TimePoint::max()) return std::nullopt;
  return std::max(until(when, time()), std::chrono::nanoseconds::zero());
}

// Begins the time between two iterations of a guest. The host may block at any
// time, so the loop counts as asleep. Work that is left makes its descriptor
// readable.
void EventLoop::rest() noexcept {
  rests_ = needs_checks_ = true;
  if (process_.is_left()) return;  // The host belongs to the parent, too.
  bool has_told = true;
  try {
    if (fds_.has_changed()) tell_selector();
  } catch (...) {  // Out of memory: the next iteration repeats the call.
    has_told = false;
  }
  if (!mailbox_->fall_asleep() || has_work() || !has_told) {
    mailbox_->wake_watcher();
  }
}

void EventLoop::end_rest() {
  rests_ = false;
  needs_checks_ = debug_ || closed_;
  mailbox_->wake_up();
}

// ---- Construction and destruction ----

EventLoop::EventLoop(std::unique_ptr<selectors::BaseSelector> selector,
                     Clock clock)
    : selector_(selector ? std::move(selector)
                         : selectors::make_default_selector()),
      clock_(std::move(clock)),
      fds_(*selector_, pool_),
      mailbox_(&Mailbox::acquire(*this)),
      self_(*mailbox_, mailbox_->generation()),
      signals_(*mailbox_, pool_) {
  try {
    watch_mailbox();
  } catch (...) {
    mailbox_->release();
    throw;
  }
  is_guest_ = selector_->may_be_watched();
  if (is_guest_) rest();
}

EventLoop::~EventLoop() {
  if (is_running()) {
    log_line("an event loop was destroyed by a callback that it was running");
    std::abort();
  }
  close_it();
}

void EventLoop::close() {
  if (is_running()) throw RuntimeError("Cannot close a running event loop");
  close_it();
}

void EventLoop::close_it() noexcept {
  if (closed_) return;
  closed_ = needs_checks_ = true;
  extensions_.destroy_all();
  destroy_all();
  mailbox_->release();
  selector_->close();
}

// Destroys all callbacks. Destructors that run here may cancel and remove other
// callbacks but cannot schedule new ones.
void EventLoop::destroy_all() {
  const auto report = [this](const SourceLocation& where) {
    report_never_ran(where);
  };
  const auto destroy = [&](Scheduled& scheduled) {
    report(scheduled.where);
    [[maybe_unused]] const Callback dying = std::move(scheduled.callback);
  };
  const auto destroy_batch = [&] { mailbox_->for_each_of_batch(destroy); };
  const auto destroy_ready = [&](Scheduled& scheduled) {
    if (!scheduled.callback.holds<RunPosts>()) return destroy(scheduled);
    scheduled.callback.reset();
    destroy_batch();
  };
  // Two batches if a batch that is being run is destroyed in a child of fork().
  while (!ready_.empty()) ready_.run_batch(destroy_ready);
  timers_.pop_due(std::chrono::nanoseconds::max(),
                  [&](Scheduled&& scheduled) { destroy(scheduled); });
  fds_.remove_all(report);
  signals_.remove_all(report);
  // Last, as destructors may have posted. Mailbox::release() destroys later
  // posts.
  mailbox_->take_posts();
  while (mailbox_->has_taken_posts()) destroy_batch();
}

void EventLoop::report_never_ran(const SourceLocation& where) const noexcept
    try {
  if (!debug_) return;
  log_line("closed, and will not run what was scheduled at " + where.repr());
} catch (const std::bad_alloc&) {
  log_no_memory();
}

void EventLoop::after_fork_in_child() {
  if (closed_) throw RuntimeError("Event loop is closed");
  if (running_loop != this) check_no_other_runs();
  selector_->after_fork_in_child();
  // Not earlier, as that would change the parent's selector. The channel is
  // unregistered already if an earlier call failed after this line.
  const int channel = mailbox_->channel().reader;
  if (selector_->get_map()->contains(channel)) selector_->unregister(channel);
  mailbox_->renew_channel();
  watch_mailbox();
  process_.move_here();
  const bool is_running_here = thread_.load() == std::this_thread::get_id();
  if (is_running_here) {
    running_loop = this;
  } else {
    thread_ = std::thread::id();  // The old thread does not exist here.
  }
  extensions_.after_fork_in_child();
  if (rests_) rest();  // Wake-ups in the old channel belong to the parent.
}

// ---- The mailbox ----

// Registers the channel with the selector. EVENT_EDGE reports only new writes,
// so that an eventfd, which never becomes full, need not be read. Any other
// channel, or a selector without EVENT_EDGE, requires drain_channel().
void EventLoop::watch_mailbox() {
  const WakeChannel& channel = mailbox_->channel();
  fds_.forget(channel.reader);  // Its number may have been another's before.
  drains_channel_ = !channel.is_eventfd();
  if (!drains_channel_) {
    try {
      selector_->register_(channel.reader,
                           selectors::EVENT_READ | selectors::EVENT_EDGE);
      return;
    } catch (const selectors::ValueError&) {
      drains_channel_ = true;  // A selector that does not know EVENT_EDGE.
    }
  }
  selector_->register_(channel.reader, selectors::EVENT_READ);
}

void EventLoop::drain_channel(std::span<const ReadyKey> ready_fds) const {
  const WakeChannel& channel = mailbox_->channel();
  for (const auto& [key, events] : ready_fds) {
    if (key.fd == channel.reader) channel.drain();
  }
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

void EventLoop::cancel_soon(ReadyQueue::Position position) {
  check_thread("Handle.cancel");
  ready_.cancel(position);
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

void EventLoop::throw_unusable(const char* function) const {
  if (closed_) throw RuntimeError("Event loop is closed");
  if (debug_) check_thread_now(function);
  if (rests_) mailbox_->wake_watcher();
}

void EventLoop::check_thread_now(const char* function) const {
  if (!is_running() || thread_.load() == std::this_thread::get_id()) return;
  throw RuntimeError(
      std::string("Non-thread-safe operation invoked on an event loop other "
                  "than the current one: ") +
      function + "; use call_soon_threadsafe");
}

// ---- Errors ----

void EventLoop::set_exception_handler(ExceptionHandler handler) {
  check_thread("set_exception_handler");
  // The old handler is destroyed last, as its destructor may do anything.
  auto old = std::make_shared<const ExceptionHandler>(std::move(handler));
  exception_handler_.swap(old);
}

void EventLoop::default_exception_handler(const ExceptionContext& context) {
  std::string text = context.message;
  if (context.where.line() != 0) {
    text += " (" + context.where.repr() + ")";
  }
  if (context.exception) text += ": " + exception_text(context.exception);
  log_line(text);
}

void EventLoop::call_exception_handler(const ExceptionContext& context) noexcept
    try {
  const auto handler = exception_handler_;  // The handler may replace itself.
  if (!*handler) return default_exception_handler(context);
  try {
    (*handler)(*this, context);
  } catch (...) {
    default_exception_handler({"Unhandled error in exception handler",
                               std::current_exception(), context.where});
    default_exception_handler(context);
  }
} catch (const std::bad_alloc&) {
  log_no_memory();
}

}  // namespace loop
