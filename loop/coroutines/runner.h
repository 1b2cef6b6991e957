// From main() into a coroutine, and back.

#ifndef LOOP_COROUTINES_RUNNER_H_
#define LOOP_COROUTINES_RUNNER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"

namespace loop {
namespace runner_internal {

void check_no_loop_runs();

}  // namespace runner_internal

// Makes a loop, runs coroutines in it, one after the other, and cleans up. Used
// by one thread.
// Port of asyncio.Runner (CPython 3.13, Lib/asyncio/runners.py).
class Runner {
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
  /// Throws RuntimeError if a loop is running in this thread, after close(),
  /// and if stop() ended the loop before the task was done. Differs from
  /// Python: there the second one throws a KeyboardInterrupt, wherever the
  /// program is.
  template <Awaitable A>
  std::remove_cvref_t<AwaitResult<A>> run(
      A main, SourceLocation where = SourceLocation::current());

  // Throws RuntimeError after close().
  EventLoop& get_loop();

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

  // Throws KeyboardInterrupt if nothing but Ctrl-C has cancelled the task.
  void throw_if_interrupted(const AnyTask& task) const;

  State state_ = State::kCreated;
  const std::optional<bool> debug_;
  const LoopFactory loop_factory_;
  std::unique_ptr<EventLoop> loop_;
  bool interrupted_ = false;
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
  }
}

}  // namespace loop

#endif  // LOOP_COROUTINES_RUNNER_H_
