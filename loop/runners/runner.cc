#include "loop/runners/runner.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "loop/callbacks/dispositions.h"
#include "loop/callbacks/finally.h"
#include "loop/callbacks/log_line.h"
#include "loop/callbacks/running_loop.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/future_core.h"
#include "loop/futures/holds.h"
#include "loop/futures/shutdown_default_executor.h"
#include "selectors/errors.h"
#include "selectors/forks.h"

namespace loop {
namespace {

using selectors::RuntimeError;

// The limit that asyncio has.
constexpr std::chrono::minutes kPatienceWithThreads{5};

// In a child of fork() the thread that called fork() is the main thread.
std::thread::id main_thread = std::this_thread::get_id();
[[maybe_unused]] const bool renamed_by_fork = selectors::at_fork(
    {nullptr, nullptr, [] { main_thread = std::this_thread::get_id(); }});

// Runs the loop until the last of several tasks is done.
class AllDone {
 public:
  explicit AllDone(EventLoop& event_loop) : loop_(event_loop) {}

  void wait_for(const AnyTask& task) {
    ++left_;
    task.core().future().add_done_callback(waiting_.emplace_back(*this));
  }

  // Runs the loop again if other code stops it.
  void run() {
    while (left_ > 0) loop_.run_forever();
  }

 private:
  class Waiting final : public DoneCallback {
   public:
    explicit Waiting(AllDone& all) : all_(all) {}
    void on_done(FutureCore&) override {
      if (--all_.left_ == 0) all_.loop_.stop();
    }

   private:
    AllDone& all_;
  };

  EventLoop& loop_;
  std::size_t left_ = 0;
  std::list<Waiting> waiting_;
};

void report_failure(EventLoop& event_loop, const AnyTask& task) {
  if (task.cancelled()) return;
  if (const std::exception_ptr exception = task.exception()) {
    event_loop.call_exception_handler(
        {"unhandled exception during the shutdown of " + task.get_name(),
         exception, task.core().future().where()});
  }
}

void cancel_all_tasks(EventLoop& event_loop) {
  const std::vector<AnyTask> tasks = all_tasks(event_loop);
  AllDone all_done(event_loop);
  for (const AnyTask& task : tasks) {
    task.cancel();
    all_done.wait_for(task);
  }
  all_done.run();
  for (const AnyTask& task : tasks) report_failure(event_loop, task);
}

std::mutex runners_mutex;  // Protects runners().

// The Runners that have a loop. The list is never destroyed, because static
// Runners may outlive it otherwise.
IntrusiveList<Runner>& runners() {
  static auto& list = *new IntrusiveList<Runner>;
  return list;
}

// Ends the process by SIGINT, as Python's exit_sigint(), so that the parent
// process sees that Ctrl-C ended it. The kernel does not kill the first process
// of a container by that signal; _exit() ends such a process.
[[noreturn]] void end_by_sigint() noexcept {
  std::fflush(nullptr);
  ::signal(SIGINT, SIG_DFL);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGINT);
  ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  ::raise(SIGINT);
  ::_exit(128 + SIGINT);
}

std::terminate_handler terminate_before = nullptr;

[[noreturn]] void on_terminate() noexcept {
  if (holds<KeyboardInterrupt>(std::current_exception())) {
    Runner::close_all();
    end_by_sigint();
  }
  if (terminate_before != nullptr) terminate_before();
  std::abort();
}

}  // namespace

void runner_internal::end_by_sigint_if_uncaught() noexcept {
  if (std::get_terminate() == on_terminate) return;
  terminate_before = std::set_terminate(on_terminate);
}

void runner_internal::check_no_loop_runs() {
  if (RunningLoop::get() != nullptr) {
    throw RuntimeError("run() cannot be called from a running event loop");
  }
}

// Code that replaces or removes the handler destroys its closure, and with it
// the object of `handler_`. The destructor then leaves the signal alone.
Runner::Interrupts::Interrupts(Runner& runner, const AnyTask& task)
    : loop_(*runner.loop_) {
  runner.interrupted_ = false;
  if (std::this_thread::get_id() != main_thread) return;
  if (!has_default_disposition(SIGINT)) return;
  const auto handler = std::make_shared<bool>();
  loop_.add_signal_handler(SIGINT, [&runner, task, handler] {
    if (task.done()) return;
    runner.interrupted_ = true;
    task.cancel();
  });
  handler_ = handler;
  reset_after_next(SIGINT);
}

Runner::Interrupts::~Interrupts() {
  if (!handler_.expired()) loop_.remove_signal_handler(SIGINT);
}

// In a child of fork() the stacks of the other threads, on which their Runners
// may be, serve the threads that the child makes. So the list forgets these
// Runners at once.
const bool Runner::outlives_fork_ = selectors::at_fork(
    {[] { runners_mutex.lock(); }, [] { runners_mutex.unlock(); },
     [] {
       IntrusiveList<Runner> of_this_thread;
       while (!runners().empty()) {
         Runner& first = runners().pop_front();
         if (first.thread_ == std::this_thread::get_id()) {
           of_this_thread.push_back(first);
         }
       }
       while (!of_this_thread.empty()) {
         runners().push_back(of_this_thread.pop_front());
       }
       runners_mutex.unlock();
     }});

Runner::Runner(std::optional<bool> debug, LoopFactory loop_factory)
    : debug_(debug), loop_factory_(std::move(loop_factory)) {}

Runner::~Runner() { close_and_log(); }

void Runner::close_and_log() noexcept try {
  try {
    close();
  } catch (...) {
    log_line("cannot close a Runner: " +
             exception_text(std::current_exception()));
  }
} catch (const std::bad_alloc&) {
  log_no_memory();
}

void Runner::enlist() {
  const std::lock_guard lock(runners_mutex);
  thread_ = std::this_thread::get_id();
  runners().push_back(*this);
}

void Runner::unlist() noexcept {
  const std::lock_guard lock(runners_mutex);
  unlink();
}

Runner* Runner::newest_of_this_thread() noexcept {
  const std::lock_guard lock(runners_mutex);
  Runner* newest = nullptr;
  runners().for_each([&](Runner& runner) {
    if (runner.thread_ == std::this_thread::get_id()) newest = &runner;
  });
  return newest;
}

void Runner::close_all() noexcept {
  while (Runner* const newest = newest_of_this_thread()) {
    newest->close_and_log();
    newest->unlist();  // If close() failed.
  }
}

EventLoop& Runner::get_loop() {
  if (state_ == State::kClosed) throw RuntimeError("Runner is closed");
  if (state_ == State::kCreated) {
    loop_ = loop_factory_ ? loop_factory_() : std::make_unique<EventLoop>();
    if (debug_) loop_->set_debug(*debug_);
    state_ = State::kInitialized;
    enlist();
  }
  return *loop_;
}

void Runner::close() {
  if (state_ != State::kInitialized) return;
  if (loop_->is_running()) {
    throw RuntimeError("Cannot close a Runner whose loop is running");
  }
  // Marks the runner as closed last, as tasks that clean up may call
  // get_loop().
  const Finally closed([this] {
    state_ = State::kClosed;
    unlist();
    loop_.reset();
  });
  cancel_all_tasks(*loop_);
  if (!run_until_complete(
          shutdown_default_executor(*loop_, kPatienceWithThreads))) {
    log_line("the threads of the default executor have not ended in time");
  }
}

void Runner::throw_if_interrupted(const AnyTask& task) const {
  if (!interrupted_ || task.uncancel() != 0) return;
  runner_internal::end_by_sigint_if_uncaught();
  throw KeyboardInterrupt();
}

}  // namespace loop
