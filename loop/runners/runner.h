// `Runner`, `run()`: run coroutines from main().

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

// Throws RuntimeError if a loop is running in this thread.
void check_no_loop_runs();

// Sets a terminate handler that ends the process by SIGINT if no code catches a
// KeyboardInterrupt.
void end_by_sigint_if_uncaught() noexcept;

}  // namespace runner_internal

/// A loop in which coroutines run one after another, with an orderly end.
///
/// ```cpp
/// int main() {
///   loop::Runner runner;
///   const Config config = runner.run(read_config());
///   runner.run(serve(config));
/// }
/// ```
///
/// Used by one thread.
///
/// While a Runner exists, SIGPIPE does not end the process if the signal has
/// its default disposition. A write to a socket or pipe without a reader fails
/// with EPIPE. A disposition that the program has set is left alone, and
/// programs started with exec() get the default. Differs from Python: there,
/// SIGPIPE is ignored from the start of the program.
///
/// Port of asyncio.Runner (CPython 3.15, Lib/asyncio/runners.py).
class Runner : private ListLink {
 public:
  /// A function that makes the loop.
  using LoopFactory = std::function<std::unique_ptr<EventLoop>()>;

  /// Makes a runner; the loop is made on the first use, by `loop_factory` if
  /// there is one. `debug`, if it has a value, is passed to the loop's
  /// set_debug().
  explicit Runner(std::optional<bool> debug = {},
                  LoopFactory loop_factory = {});
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  /// Calls close(). An exception that close() throws is logged on standard
  /// error.
  ~Runner();

  /// Runs `main`, a coroutine or any other awaitable, as a task, and returns
  /// its result or throws its exception.
  ///
  /// `main` may be a Future or a Task of get_loop(); a future or task of
  /// another loop throws RuntimeError.
  ///
  /// In the thread that began the program, and if SIGINT has its default
  /// disposition, the first SIGINT (Ctrl-C) cancels the task. If the task ends
  /// by that, KeyboardInterrupt is thrown. A second SIGINT ends the process,
  /// even if a callback does not return. A signal handler of the loop replaces
  /// this behaviour.
  ///
  /// A KeyboardInterrupt that no code catches ends the process as SIGINT does
  /// by default, as in Python. First the Runners of this thread are closed, so
  /// that their coroutines clean up, and standard output is flushed. Then the
  /// signal kills the process, without a core dump. No other objects are
  /// destroyed. For that, run() sets a terminate handler when it throws a
  /// KeyboardInterrupt. The handler passes all other exceptions on to the
  /// handler that was set before.
  ///
  /// Throws RuntimeError if a loop is running in this thread, after close(),
  /// and if stop() ended the loop before the task was done.
  ///
  /// Differs from Python: there, the second SIGINT throws a KeyboardInterrupt,
  /// wherever the program is.
  template <Awaitable A>
  std::remove_cvref_t<AwaitResult<A>> run(
      A main, SourceLocation where = SourceLocation::current());

  /// Returns the loop, which is made on the first call. Throws RuntimeError
  /// after close().
  EventLoop& get_loop();

  /// Closes all Runners of this thread that have a loop, the newest first. For
  /// the end of the process. Exceptions are logged on standard error.
  static void close_all() noexcept;

  /// Cancels all remaining tasks, runs the loop until they are done, and closes
  /// and destroys the loop.
  ///
  /// The exceptions of those tasks are reported to the exception handler. The
  /// default executor may finish its functions, for five minutes at most.
  /// Closing twice is not an error. Throws RuntimeError if the loop is running.
  void close();

 private:
  enum class State : std::uint8_t { kCreated, kInitialized, kClosed };

  // Lets the first Ctrl-C cancel a task, as long as this object exists.
  class Interrupts {
   public:
    Interrupts(Runner& runner, const AnyTask& task);
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
    ~Interrupts();

   private:
    EventLoop& loop_;
    std::weak_ptr<bool> handler_;  // Expires with the loop's handler.
  };

  template <class>
  friend class IntrusiveList;

  void close_and_log() noexcept;
  void enlist();
  void unlist() noexcept;
  static Runner* newest_of_this_thread() noexcept;

  // Throws KeyboardInterrupt if Ctrl-C alone has cancelled the task.
  void throw_if_interrupted(const AnyTask& task) const;

  static const bool outlives_fork_;

  State state_ = State::kCreated;
  const SigpipeGuard sigpipe_guard_;
  const std::optional<bool> debug_;
  const LoopFactory loop_factory_;
  std::unique_ptr<EventLoop> loop_;
  bool interrupted_ = false;
  std::thread::id thread_;  // The thread that made the loop.
};

/// Runs `main`, a coroutine or any other awaitable, in a loop of its own, and
/// closes the loop. For main().
///
/// ```cpp
/// loop::Coroutine<> run_server() { ... }
/// int main() { loop::run(run_server()); }
/// ```
///
/// Returns the result of `main` or throws its exception. Throws RuntimeError if
/// a loop is running in this thread. Signals and the end are described at
/// Runner::run() and Runner::close(). Port of asyncio.run.
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
  const auto task =
      create_task(get_loop(), as_coroutine(std::move(main)), {}, where);
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
