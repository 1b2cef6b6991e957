// From main() into a coroutine, and back.

#ifndef LOOP_RUNNERS_RUNNER_H_
#define LOOP_RUNNERS_RUNNER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "loop/callbacks/dispositions.h"
#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/intrusive_list.h"

namespace loop {
namespace runner_internal {

void check_no_loop_runs();

// From now on a KeyboardInterrupt that nothing catches ends the process as
// SIGINT does.
void end_by_sigint_if_uncaught() noexcept;

}  // namespace runner_internal

// Makes a loop, runs coroutines in it, one after the other, and cleans up. Used
// by one thread.
//
// While it exists SIGPIPE does not end the process, if that is what the signal
// would do: a write to a socket or pipe that nobody reads fails with EPIPE. A
// disposition that the program has set is left alone, and programs that are
// started with exec() get the default.
// Differs from Python: there SIGPIPE is ignored from the start of the program.
//
// Port of asyncio.Runner (CPython 3.15, Lib/asyncio/runners.py).
class Runner : private ListLink {
 public:
  using LoopFactory = std::function<std::unique_ptr<EventLoop>()>;

  // The loop is made when it is first needed, by `loop_factory` if there is
  // one. `debug`: what its set_debug() is given, if anything.
  explicit Runner(std::optional<bool> debug = {},
                  LoopFactory loop_factory = {});
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();  // close()s; what that throws is told on standard error.

  /// Runs `main`, a coroutine or anything else that can be awaited, as a task,
  /// and returns what it returns or throws what it throws. `main` may be a
  /// Future or a Task of get_loop(); one of another loop throws RuntimeError.
  ///
  /// In the thread that began the program, and if SIGINT has its default
  /// disposition, the first SIGINT (Ctrl-C) cancels the task; if it ends by
  /// that, KeyboardInterrupt is thrown. A second one ends the process, even if
  /// a callback does not return. A signal handler of the loop replaces this.
  ///
  /// A KeyboardInterrupt that nothing catches ends the process as SIGINT does
  /// by default, as in Python: the Runners of this thread are closed, so that
  /// their coroutines clean up, standard output is flushed, and then the signal
  /// kills the process, without a core dump. No other objects are destroyed.
  /// For that, run() sets a terminate handler when it throws a
  /// KeyboardInterrupt; it passes all other exceptions on to the handler that
  /// was set before.
  ///
  /// Throws RuntimeError if a loop is running in this thread, after close(),
  /// and if stop() ended the loop before the task was done. Differs from
  /// Python: there the second one throws a KeyboardInterrupt, wherever the
  /// program is.
  template <Awaitable A>
  std::remove_cvref_t<AwaitResult<A>> run(
      A main, SourceLocation where = SourceLocation::current());

  // Throws RuntimeError after close().
  EventLoop& get_loop();

  // Closes those of this thread that have a loop, the newest first; for the end
  // of the process. What that throws is told on standard error.
  static void close_all() noexcept;

  // Cancels all tasks that are left, and runs the loop until they are done;
  // those that fail are told to the exception handler. Lets the default
  // executor finish, for five minutes at most, and closes and destroys the
  // loop. Closing twice is fine. Throws RuntimeError if the loop is running.
  void close();

 private:
  enum class State : std::uint8_t { kCreated, kInitialized, kClosed };

  // While it exists, the first Ctrl-C cancels a task.
  class Interrupts {
   public:
    Interrupts(Runner& runner, const AnyTask& task);
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
    ~Interrupts();

   private:
    EventLoop& loop_;
    std::weak_ptr<bool> handler_;  // Exists as long as the loop's does.
  };

  template <class>
  friend class IntrusiveList;

  void close_and_log() noexcept;
  void enlist();
  void unlist() noexcept;
  static Runner* newest_of_this_thread() noexcept;

  // Throws KeyboardInterrupt if nothing but Ctrl-C has cancelled the task.
  void throw_if_interrupted(const AnyTask& task) const;

  State state_ = State::kCreated;
  const SigpipeGuard sigpipe_guard_;
  const std::optional<bool> debug_;
  const LoopFactory loop_factory_;
  std::unique_ptr<EventLoop> loop_;
  bool interrupted_ = false;
  std::thread::id thread_;  // In which the loop was made.
};

// Runs `main` in a loop of its own, which it closes. For main().
//
//   loop::Coroutine<> run_server() { ... }
//   int main() { loop::run(run_server()); }
//
// As Runner: run() and close().
// Port of asyncio.run.
template <Awaitable A>
std::remove_cvref_t<AwaitResult<A>> run(
    A main, std::optional<bool> debug = {},
    Runner::LoopFactory loop_factory = {},
    SourceLocation where = SourceLocation::current()) {
  Runner runner(debug, std::move(loop_factory));
  if constexpr (std::is_void_v<AwaitResult<A>>) {
    runner.run(std::move(main), where);
    runner.close();
  } else {
    auto result = runner.run(std::move(main), where);
    runner.close();
    return result;
  }
}

template <Awaitable A>
std::remove_cvref_t<AwaitResult<A>> Runner::run(A main, SourceLocation where) {
  runner_internal::check_no_loop_runs();
  const auto task = create_task(get_loop(), as_coroutine(std::move(main)), "",
                                Start::kSoon, where);
  const Interrupts interrupts(*this, task);
  try {
    if constexpr (std::is_void_v<AwaitResult<A>>) {
      run_until_complete(task);
    } else {
      return std::move(run_until_complete(task));
    }
  } catch (const CancelledError&) {
    throw_if_interrupted(task);
    throw;
  } catch (const KeyboardInterrupt&) {
    runner_internal::end_by_sigint_if_uncaught();
    throw;
  }
}

}  // namespace loop

#endif  // LOOP_RUNNERS_RUNNER_H_
